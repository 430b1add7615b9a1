"""The maker's names and bounds as data."""

FAMILY = "zebra-json"

NAMES = ("eventName", "eventType", "type", "command")
"""Where an event may say what it is; the first goes before the others. The last: requests and answers, heard by who subscribes to all."""
CONNECTION = "connectionState"
"""By which mqttConnEVT is known, which names itself nowhere."""
TAG_TYPES = frozenset({"SIMPLE", "SIMPLETAGEVENT", "INVENTORY", "PORTAL", "CONVEYOR", "DIRECTIONALITY", "CUSTOM"})
"""The types of a fixed reader's tag events, by its operating modes, in capitals."""
TIMESTAMP = "timestamp"
DATA, TAGS, BARCODES = "data", "tagData", "barcodeData"
EPC = ("idHex", "EPCid", "EPC")
"""Where a record may hold its EPC: fixed readers the first, handhelds any."""
TID = ("TID", "tid")
PC = ("PC", "pc")
COUNT = ("seenCount", "reads")
"""How often a tag was read since it was last told: in custom modes the first, in the others the second."""

MAX_PORT = 255
LOWEST_DBM, HIGHEST_DBM = -200, 200
HIGHEST_COUNT = 2**32
LOWEST_MHZ, HIGHEST_MHZ = 800.0, 1000.0
"""A `channel` in this range is a frequency; a smaller one the number of a channel, of a plan that the event does not name."""
HIGHEST_PHASE_DEGREES = 360.0
