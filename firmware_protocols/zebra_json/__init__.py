"""Zebra readers with the IoT Connector: fixed ones (FX7500, FX9600) and handhelds (RFD40, RFD90), by MQTT, HTTP or TCP.

Sources: Zebra's pages on the RFD40/RFD90 MQTT interface (techdocs.zebra.com: dataEVT, heartBeatEVT), published examples of fixed readers'
events (repositories not named). None of it was compared with a reader. A handheld's stream is by its documents a statistical view of
the tags, not a guaranteed log of every read.
"""
