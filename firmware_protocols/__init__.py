"""Sans-IO codecs of UHF reader protocols: bytes in, events out; commands in, frames out.

Standard library only. No socket, no clock, no thread: whoever holds a line feeds what it received and sends what it is given.
Start with `events.py` and `commands.py` (the nouns), then `codec.py` (the verbs), then one family.
"""
