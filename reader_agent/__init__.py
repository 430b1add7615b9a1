"""The daemon of one checkpoint (`ebike-agent`): reads tags, keeps what it saw on disk, and sends it until the registry has it.

Read `config.py` (what one agent is), `gate/window.py` (reads become sightings), `spool/spool.py` (nothing is lost), `mqtt_uplink.py`
(how it leaves), `readers/session.py` (one reader's conversation), then `agent.py`, which wires them.
"""
