"""Everything we can ask of a reader. A family that cannot do one raises `Unsupported`."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Bank(IntEnum):
    """The four memory banks of a Gen2 tag."""

    RESERVED = 0
    EPC = 1
    TID = 2
    USER = 3


class Region(StrEnum):
    """Frequency plans by their usual names. Which one Bangladesh allows is a setting: BTRC decides."""

    CHINA_900 = "china_900"
    CHINA_800 = "china_800"
    US = "us"
    EU = "eu"
    KOREA = "korea"
    INDIA = "india"
    BANGLADESH = "bangladesh"


class LockAction(IntEnum):
    """What is to become of one field of a tag (Gen2 §6.3.2.12.3.5): two bits, password and permanence."""

    OPEN = 0b00
    OPEN_FOREVER = 0b01
    NEEDS_PASSWORD = 0b10
    CLOSED_FOREVER = 0b11


class BeepMode(IntEnum):
    QUIET = 0
    EACH_ROUND = 1
    EACH_TAG = 2


@dataclass(frozen=True, slots=True)
class GetInfo:
    """Model and firmware; also the poll that proves an idle serial reader alive."""


@dataclass(frozen=True, slots=True)
class GetRegion:
    pass


@dataclass(frozen=True, slots=True)
class SetRegion:
    region: Region


@dataclass(frozen=True, slots=True)
class GetPower:
    pass


@dataclass(frozen=True, slots=True)
class SetPower:
    """Conducted power at the port."""

    power_dbm: float


@dataclass(frozen=True, slots=True)
class GetAntennas:
    pass


@dataclass(frozen=True, slots=True)
class SetAntennas:
    """The ports that take part, from 1."""

    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StartInventory:
    """Read tags until told to stop. Some families end by themselves: see `FamilyFacts.inventory_ends_by_itself`."""


@dataclass(frozen=True, slots=True)
class StopInventory:
    pass


@dataclass(frozen=True, slots=True)
class ReadBank:
    """Read words of one tag. `epc` picks the tag; None takes whichever answers."""

    bank: Bank
    word_address: int
    word_count: int
    password: int = 0
    epc: bytes | None = None


@dataclass(frozen=True, slots=True)
class WriteBank:
    bank: Bank
    word_address: int
    data: bytes
    password: int = 0
    epc: bytes | None = None


@dataclass(frozen=True, slots=True)
class WriteEpc:
    """Write the PC word and the EPC of the tag that now answers as `epc` (None: of the only tag in the field)."""

    new_epc: bytes
    new_pc: int
    password: int = 0
    epc: bytes | None = None


@dataclass(frozen=True, slots=True)
class SetAccessPassword:
    new_password: int
    password: int = 0
    epc: bytes | None = None


@dataclass(frozen=True, slots=True)
class LockTag:
    """Change the locks of a tag. A field left None stays as it is. Needs a non-zero access password to mean anything."""

    password: int
    kill_password: LockAction | None = None
    access_password: LockAction | None = None
    epc_bank: LockAction | None = None
    tid_bank: LockAction | None = None
    user_bank: LockAction | None = None
    epc: bytes | None = None


@dataclass(frozen=True, slots=True)
class SetOutput:
    """A general-purpose output, from 1."""

    port: int
    is_high: bool


@dataclass(frozen=True, slots=True)
class Beep:
    mode: BeepMode


Command = (
    GetInfo
    | GetRegion
    | SetRegion
    | GetPower
    | SetPower
    | GetAntennas
    | SetAntennas
    | StartInventory
    | StopInventory
    | ReadBank
    | WriteBank
    | WriteEpc
    | SetAccessPassword
    | LockTag
    | SetOutput
    | Beep
)
