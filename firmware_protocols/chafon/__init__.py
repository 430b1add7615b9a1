"""Readers that speak the length-first protocol of Chafon and its kin: UHFReader18, 86, 288, RU5102, MU9xx, Ex10.

Sources: "UHF RFID Reader Series User Manual" V1.14 and V2.20 (also sold as UR series and AsReader Box), "UHFReader18 User's Manual"
V2.0; layouts that these leave open from wabson/chafon-rfid (MIT) and the maker's own examples.
"""
