"""What can go wrong at a checkpoint, by what has to be done about it.

AgentError
+-- LinkLost         the line to a reader is gone or was never there: try again, with patience
+-- PortHeld         another process has the port: end that one
+-- ReaderRefused    the reader answers, and will not do what the configuration asks: change the configuration
+-- SpoolHeld        another agent works in this data folder: end that one
+-- SpoolFull        nothing fits on the disk any more, not even after the oldest batches were dropped
+-- FolderWrong      the data folder cannot be written: its rights, or the disk
+-- KeyFileWrong     the private key is missing, damaged, or open to others
+-- CertificateWrong a file that the configuration names for TLS cannot be used
"""

from pathlib import Path


class AgentError(Exception):
    """Base of everything this program refuses or reports on purpose."""


class LinkLost(AgentError):
    def __init__(self, where: str, reason: str, last_words: str = "") -> None:
        """`last_words`: what the reader said against us just before it hung up."""
        super().__init__(f"{where}: {reason}{f'; before that it said: {last_words}' if last_words else ''}")
        self.where, self.reason, self.last_words = where, reason, last_words


class PortHeld(AgentError):
    def __init__(self, port: str, holder: int | None) -> None:
        by = f"process {holder}" if holder else "another process"
        super().__init__(f"port {port} is held by {by}; end it, or give this reader another port")
        self.port, self.holder = port, holder


class ReaderRefused(AgentError):
    def __init__(self, asked: str, answer: str) -> None:
        super().__init__(f"the reader refuses {asked}: {answer}")
        self.asked, self.answer = asked, answer


class SpoolHeld(AgentError):
    def __init__(self, folder: Path, holder: int | None) -> None:
        by = f"process {holder}" if holder else "another process"
        super().__init__(f"the data folder {folder} is in use by {by}; one agent per folder: end that one, or set another data_dir")
        self.folder, self.holder = folder, holder


class SpoolFull(AgentError):
    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"nothing more fits into {folder} ({reason}); free space on that disk")
        self.folder, self.reason = folder, reason


class FolderWrong(AgentError):
    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"data_dir {folder} cannot be used: {reason}; it must be writable for this account and have some MB free")
        self.folder, self.reason = folder, reason


class KeyFileWrong(AgentError):
    def __init__(self, path: Path, found: str, remedy: str) -> None:
        super().__init__(f"key file {path}: expected 64 hex digits that only its owner may read, found {found}; {remedy}")
        self.path, self.found = path, found


class CertificateWrong(AgentError):
    def __init__(self, key: str, path: Path | None, reason: str) -> None:
        super().__init__(f"{key} = {path}: {reason}")
        self.key, self.path, self.reason = key, path, reason
