"""The maker's names and bounds as data."""

FAMILY = "impinj-json"

EVENT_TYPE = "eventType"
TIMESTAMP = "timestamp"
TAG_INVENTORY = "tagInventoryEvent"
TAG_ACCESS_RESPONSES = "tagAccessResponses"
INVENTORY_STATUS = "inventoryStatusEvent"

MAX_PORT = 255
LOWEST_CDBM, HIGHEST_CDBM = -20_000, 20_000
HIGHEST_KHZ = 10_000_000
HIGHEST_PHASE_DEGREES = 360.0
