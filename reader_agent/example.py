"""The commented configuration that `ebike-agent example` prints."""

EXAMPLE = """\
# One checkpoint's computer. Check this file with:  ebike-agent check FILE
authority = "kcc"                 # as the registry knows it
checkpoint = "pti-more"
agent = "pti-more-1"              # this computer; its public key is registered under this name
key_file = "/var/lib/ebike-agent/agent.key"   # made by:  ebike-agent key FILE
data_dir = "/var/lib/ebike-agent"             # the spool; on a disk that survives a power cut

[broker]
url = "mqtts://pti-more-1:PASSWORD@broker.example.org:8883"   # mqtt:// without TLS
# ca_file = "/etc/ebike-agent/ca.pem"          # only for a certificate that this computer does not trust by itself
# cert_file = "/etc/ebike-agent/agent.pem"     # where the broker asks for a client certificate
# cert_key_file = "/etc/ebike-agent/agent-key.pem"
# in_flight = 100                              # batches on their way at once
# resend_s = 10.0                              # sent again when the registry has not confirmed for so long (then less often)

[lanes]                           # a name, and what people call it
in = "towards the market"
out = "from the market"

[window]
silence_s = 2.0                   # a sighting ends when its tag was not heard for so long
max_s = 60.0                      # and a parked bike is reported again after so long

[spool]
max_mb = 512                      # then the oldest are dropped and counted; some 500,000 sightings

[[readers]]
name = "gate-1"
family = "m100"                   # ebike-reader probe URL  finds it out
url = "serial:///dev/serial/by-id/usb-1a86_USB_Serial-if00-port0?baud=115200"
antennas = { 1 = "in" }           # antenna port = lane
region = "eu"                     # what the national regulator allows; left out: the reader's own setting
power_dbm = 26.0
read_tid = true                   # read the chip's own number of each new tag: some 50 ms, skipped when the lane is busy

[[readers]]
name = "gate-2"
family = "r2000"
url = "tcp://192.0.2.20:4001"
antennas = { 1 = "in", 2 = "out" }
power_dbm = 30.0
read_tid = true
# address = 1                     # on a line that several readers share
# antenna_ports = 8               # of a board with more ports than is usual in its family

# [[readers]]                     # a module that does not stream, and cannot say so before it is asked
# name = "gate-3"
# family = "thingmagic"
# url = "tcp://192.0.2.21:8080"
# antennas = { 1 = "in" }
# options = { model = "m5e" }     # what a family may be told; a wrong one is refused here with what it may be

# [[readers]]                     # a smart reader, over HTTPS; others publish (mqtts://BROKER/TOPIC) or post (webhook://0.0.0.0:8081/PATH)
# name = "gate-4"
# family = "impinj-json"
# url = "https://192.0.2.30?account=root&password_file=/etc/ebike/r700.password&ca=/etc/ebike/r700.pem&name=impinj-14-2a-11"
# antennas = { 1 = "in", 2 = "out" }
# power_dbm = 27.0
# lost_after_s = 30               # only for one that publishes or posts: three times the heart-beat that is set on it
"""
