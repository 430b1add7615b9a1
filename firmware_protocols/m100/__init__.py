"""MagicRF M100/QM100 modules (YRM100x, JRD-4035, M5Stack UHF-RFID; frames BB … 7E) and the R200 firmware of YPD (AA … DD).

Sources: "Communication user Protocol V2.1" (Invelion), "R200 user protocol V2.3.3" (YPD), the maker's code list (0E, 12).
"""
