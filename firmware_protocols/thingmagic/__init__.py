"""ThingMagic (JADAK) modules that speak the Mercury serial protocol: M5e, M6e, M6e Micro and Nano, M7e, and readers built on them.

Sources: the vendor's MercuryAPI for C (serial_reader_l3.c, serial_reader_imp.h, tmr_status.h), the M5e user guide (TransCore T800),
sparkfun/SparkFun_Simultaneous_RFID_Tag_Reader_Library, captured sessions of an M5e (erossi/m5e_rfid) and of a Nano.
"""
