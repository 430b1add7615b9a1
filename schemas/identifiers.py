"""Names of places and programs as they stand in topics, files and rows."""

import re
from enum import StrEnum
from typing import Self

from schemas.errors import ContractError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_BOOT = re.compile(r"[0-9a-f]{16}")


class Name(str):
    """1 to 40 of a-z, 0-9 and inner hyphens: safe in a topic, a path and a URL."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _NAME.fullmatch(text):
            raise ContractError(cls.__name__, "1 to 40 of a-z, 0-9 and inner '-'", repr(text))
        return super().__new__(cls, text)

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(text)


class AuthorityId(Name):
    """A city corporation or pourashava, e.g. `kcc`."""

    __slots__ = ()


class CheckpointId(Name):
    """A surveyed place with readers, e.g. `pti-more`."""

    __slots__ = ()


class AgentId(Name):
    """The daemon on a checkpoint's computer."""

    __slots__ = ()


class LaneId(Name):
    """One path of traffic through a checkpoint."""

    __slots__ = ()


class ReaderId(Name):
    """One reader of a checkpoint, as its agent's configuration names it."""

    __slots__ = ()


class BootId(str):
    """One life of an agent: 16 hex digits drawn at its start. Sequence numbers begin again with it."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _BOOT.fullmatch(text):
            raise ContractError("boot id", "16 lower-case hex digits", repr(text))
        return super().__new__(cls, text)

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(text)


class ProofLevel(StrEnum):
    """How much a tag read proves. EPC is copyable, TID harder; both can be imitated."""

    EPC_ONLY = "epc_only"
    EPC_TID = "epc_tid"
    AUTHENTICATED = "authenticated"
