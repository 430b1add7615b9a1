"""Number plates and cards as PDF, and the desk that writes tags.

Others use `plate_printer.documents` alone. Values in, bytes out; never a database.
"""
