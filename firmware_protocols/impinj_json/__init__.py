"""Impinj R700 with its IoT device interface: events as JSON, by HTTP stream, MQTT or webhook; configured over HTTP (`requests.py`).

Sources: the R700 client of ghpascon-rust (docs.rs, README and R700_IOT_DICT.json), impinj-iot (PyPI), barnowl-impinj (reelyActive),
iot-api-emu (suporterfid). None of it was compared with a reader: the MQTT and webhook shapes, above all, are as those sources have them.
"""
