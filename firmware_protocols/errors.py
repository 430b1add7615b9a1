"""What can go wrong, by whose fault it is.

ProtocolError
+-- Unsupported      you asked a family for something it cannot do
+-- BadArgument      you asked for something no reader of that family accepts

A broken frame is nobody's call: it comes out of the codec as a `FrameError` event (events.py), and the next good frame is read.
"""


class ProtocolError(Exception):
    """Base of every refusal of this package."""


class Unsupported(ProtocolError):
    """The family has no such command."""

    def __init__(self, family: str, command: str, reason: str = "") -> None:
        super().__init__(f"{family} readers cannot {command}{': ' + reason if reason else ''}")
        self.family, self.command, self.reason = family, command, reason


class BadArgument(ProtocolError):
    """A command's value is outside what the family's manual allows."""

    def __init__(self, family: str, what: str, expected: str, found: str) -> None:
        super().__init__(f"{family}: {what}: expected {expected}, found {found}")
        self.family, self.what, self.expected, self.found = family, what, expected, found
