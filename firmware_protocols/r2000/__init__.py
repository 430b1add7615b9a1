"""R2000 and E-series boards that speak `A0` (Rodinbell, Invelion, Yanzeo, IND903, YR901, UCM601).

Source: "UHF RFID Reader Serial Interface Protocol V3.7"; layouts of access replies also from hex-in/pyImpinj (MIT).
"""
