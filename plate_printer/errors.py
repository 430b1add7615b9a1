"""What can go wrong at the printer and at the desk, by whose fault it is.

PrinterError
+-- DocumentError     the order holds something that cannot be printed so that people can read it
+-- ReaderLost        the desk's reader does not answer, or its port cannot be opened
+-- ServerAway        the registry cannot be reached; the same request may succeed later
+-- ServerRefused     the registry answered no; the same request will not succeed later
+-- JournalError      the desk's journal cannot be read or written
+-- DeskMisused       what was typed cannot work
"""


class PrinterError(Exception):
    """Base of every refusal of this package."""


class DocumentError(PrinterError):
    """A part of an order cannot be printed. Says which part, why, and what to do."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part}: {reason}")
        self.part, self.reason = part, reason


class ReaderLost(PrinterError):
    """The reader cannot be opened or has stopped answering. Trying again is right."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"reader {url}: {reason}")
        self.url, self.reason = url, reason


class ServerAway(PrinterError):
    """The registry cannot be reached now."""

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(f"registry {server}: {reason}")
        self.server, self.reason = server, reason


class ServerRefused(PrinterError):
    """The registry answered, and the answer is no. `detail` is its sentence for the officer."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"the registry refused ({status}): {detail}")
        self.status, self.detail = status, detail


class JournalError(PrinterError):
    """The file that keeps what the registry has not yet heard cannot be used."""


class DeskMisused(PrinterError):
    """An option or a file that the desk was started with cannot work."""
