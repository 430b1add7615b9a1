"""A scenario: which tags come when, and how bad the line is. Values in (a TOML file already loaded), entries out.

seed = 7                        # of all chance; optional
until_s = 600                   # how far repeats go; 3600 if not said

[[tags]]
epc = "e28011700000020f1a2b3c4d"
tid = "e2801170200012345678abcd"
pc = "3000"                     # the length bits follow the EPC
user = ""                       # user memory, hex
access_password = "00000000"
enters_s = 2.0
dwell_s = 1.5                   # left out: it stays
antenna = 1
rssi = -52                      # dBm in the middle of the beam
repeat_every_s = 30             # left out: it comes once

[faults]                        # shares from 0 to 1, see LineFaults
noise = 0.01

[air]                           # see RadioConditions
miss_rate = 0.1
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf, isfinite

from firmware_protocols.errors import ProtocolError
from firmware_protocols.gen2 import MAX_EPC_WORDS
from firmware_protocols.simulators.faults import NO_FAULTS, LineFaults
from firmware_protocols.simulators.simulated_tag import PC_96, SimulatedTag
from firmware_protocols.simulators.tag_field import NORMAL_AIR, RadioConditions, TagField

DEFAULT_UNTIL_S = 3600.0
DEFAULT_RSSI_DBM = -50.0
MOST_STAYS = 100_000


class BadScenario(ProtocolError):
    """What stands in a scenario cannot be simulated."""

    def __init__(self, where: str, expected: str, found: object) -> None:
        super().__init__(f"scenario: {where}: expected {expected}, found {found!r}")
        self.where, self.expected, self.found = where, expected, found


@dataclass(frozen=True, slots=True)
class TagEntry:
    """One tag of a scenario, and when it comes."""

    epc: bytes
    tid: bytes
    pc: int
    user: bytes
    access_password: int
    enters_s: float
    dwell_s: float
    antenna: int
    rssi_dbm: float
    repeat_every_s: float | None

    @property
    def memory(self) -> tuple[bytes, int, bytes, int]:
        return self.epc, self.pc, self.user, self.access_password

    def new_tag(self) -> SimulatedTag:
        return SimulatedTag(epc=self.epc, tid=self.tid, pc=self.pc, user=self.user, access_password=self.access_password)

    def stays(self, until_s: float) -> Iterator[tuple[float, float]]:
        """When it enters and leaves, in order of time."""
        enters_s = self.enters_s
        while True:
            yield enters_s, enters_s + self.dwell_s
            if self.repeat_every_s is None or enters_s + self.repeat_every_s > until_s:
                return
            enters_s += self.repeat_every_s


@dataclass(frozen=True, slots=True)
class Scenario:
    tags: tuple[TagEntry, ...]
    faults: LineFaults = NO_FAULTS
    air: RadioConditions = NORMAL_AIR
    seed: int | None = None
    until_s: float = DEFAULT_UNTIL_S


def parse_scenario(data: Mapping[str, object], *, antenna_ports: int = 8) -> Scenario:
    """Raises BadScenario, which names the entry, what was expected and what was found."""
    _check_keys("scenario", data, {"seed", "until_s", "tags", "faults", "air"})
    tags = data.get("tags", [])
    if not isinstance(tags, list):
        raise BadScenario("tags", "a list of tables ([[tags]])", tags)
    seed = data.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise BadScenario("seed", "a whole number", seed)
    scenario = Scenario(
        tags=tuple(_parse_tag(f"tags[{place}]", entry, antenna_ports) for place, entry in enumerate(tags, 1)),
        faults=LineFaults(**_shares("faults", data.get("faults", {}), [field.name for field in fields(LineFaults)])),
        air=_parse_air(data.get("air", {})),
        seed=seed,
        until_s=_number("until_s", data.get("until_s", DEFAULT_UNTIL_S), at_least=0),
    )
    _check_chips(scenario.tags)
    _check_repeats(scenario)
    return scenario


def fill_field(field: TagField, scenario: Scenario, *, starts_s: float = 0.0) -> tuple[SimulatedTag, ...]:
    """Let the scenario's tags enter; its times count from `starts_s`. A tag that comes again, also before another antenna, is the same
    chip with the same memory. Gives the chips.
    """
    chips: dict[bytes, SimulatedTag] = {}
    for entry in scenario.tags:
        tag = chips.setdefault(entry.tid, entry.new_tag())
        for enters_s, leaves_s in entry.stays(scenario.until_s):
            field.enter(
                tag, enters_s=starts_s + enters_s, leaves_s=starts_s + leaves_s, antenna=entry.antenna, peak_rssi_dbm=entry.rssi_dbm
            )
    return tuple(chips.values())


_TAG_KEYS = {"epc", "tid", "pc", "user", "access_password", "enters_s", "dwell_s", "antenna", "rssi", "repeat_every_s"}


def _parse_tag(where: str, entry: object, antenna_ports: int) -> TagEntry:
    if not isinstance(entry, Mapping):
        raise BadScenario(where, "a table", entry)
    _check_keys(where, entry, _TAG_KEYS)
    dwell_s = _number(f"{where}.dwell_s", entry.get("dwell_s", inf), at_least=0)
    antenna = entry.get("antenna", 1)
    if not isinstance(antenna, int) or isinstance(antenna, bool) or not 1 <= antenna <= antenna_ports:
        raise BadScenario(f"{where}.antenna", f"a port from 1 to {antenna_ports}", antenna)
    parsed = TagEntry(
        epc=_words(f"{where}.epc", entry.get("epc"), most=MAX_EPC_WORDS),
        tid=_words(f"{where}.tid", entry.get("tid"), most=32),
        pc=_hex_number(f"{where}.pc", entry.get("pc", f"{PC_96:04x}"), digits=4),
        user=_words(f"{where}.user", entry.get("user", "00" * 8), most=4096, least=0),
        access_password=_hex_number(f"{where}.access_password", entry.get("access_password", "00000000"), digits=8),
        enters_s=_number(f"{where}.enters_s", entry.get("enters_s", 0.0), at_least=0),
        dwell_s=dwell_s,
        antenna=antenna,
        rssi_dbm=_number(f"{where}.rssi", entry.get("rssi", DEFAULT_RSSI_DBM)),
        repeat_every_s=_repeat(where, entry, dwell_s),
    )
    if not -85 <= parsed.rssi_dbm <= 0:
        raise BadScenario(f"{where}.rssi", "-85 to 0 dBm", parsed.rssi_dbm)
    return parsed


def _repeat(where: str, entry: Mapping[str, object], dwell_s: float) -> float | None:
    if "repeat_every_s" not in entry:
        return None
    every_s = _number(f"{where}.repeat_every_s", entry["repeat_every_s"], at_least=0)
    if not every_s > dwell_s:
        raise BadScenario(f"{where}.repeat_every_s", f"more than dwell_s ({dwell_s:g} s; give one)", every_s)
    return every_s


def _parse_air(section: object) -> RadioConditions:
    if not isinstance(section, Mapping):
        raise BadScenario("air", "a table", section)
    _check_keys("air", section, {"miss_rate", "has_collisions"})
    has_collisions = section.get("has_collisions", True)
    if not isinstance(has_collisions, bool):
        raise BadScenario("air.has_collisions", "true or false", has_collisions)
    miss_rate = _number("air.miss_rate", section.get("miss_rate", NORMAL_AIR.miss_rate), at_least=0)
    if miss_rate > 1:
        raise BadScenario("air.miss_rate", "a share from 0 to 1", miss_rate)
    return RadioConditions(miss_rate, has_collisions)


def _shares(where: str, section: object, names: Sequence[str]) -> dict[str, float]:
    if not isinstance(section, Mapping):
        raise BadScenario(where, "a table", section)
    _check_keys(where, section, set(names))
    shares = {str(name): _number(f"{where}.{name}", value, at_least=0) for name, value in section.items()}
    for name, share in shares.items():
        if share > 1 and not name.startswith("silence"):
            raise BadScenario(f"{where}.{name}", "a share from 0 to 1", share)
    return shares


def _check_chips(tags: tuple[TagEntry, ...]) -> None:
    """A TID is one chip: its entries are its stays, and must agree on what it holds."""
    first_entries: dict[bytes, TagEntry] = {}
    for place, entry in enumerate(tags, 1):
        if first_entries.setdefault(entry.tid, entry).memory != entry.memory:
            expected = "the same epc, pc, user and access_password wherever this TID stands (a clone copies the EPC, not the TID)"
            raise BadScenario(f"tags[{place}].tid", expected, entry.tid.hex())


def _check_repeats(scenario: Scenario) -> None:
    for place, entry in enumerate(scenario.tags, 1):
        if entry.repeat_every_s is not None and entry.repeat_every_s * MOST_STAYS < scenario.until_s:
            expected = f"at least {scenario.until_s / MOST_STAYS:g} (until_s is {scenario.until_s:g})"
            raise BadScenario(f"tags[{place}].repeat_every_s", expected, entry.repeat_every_s)


def _check_keys(where: str, section: Mapping[str, object], known: set[str]) -> None:
    unknown = sorted(str(key) for key in section if key not in known)
    if unknown:
        raise BadScenario(where, f"only {', '.join(sorted(known))}", ", ".join(unknown))


def _number(where: str, value: object, *, at_least: float = -inf) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number:
        raise BadScenario(where, "a number", value)
    assert isinstance(value, int | float)
    if not value >= at_least or not (isfinite(value) or where.endswith("dwell_s")):
        raise BadScenario(where, "a number" if at_least == -inf else f"a number of at least {at_least:g}", value)
    return float(value)


def _bytes(where: str, value: object, expected: str) -> bytes:
    if not isinstance(value, str):
        raise BadScenario(where, expected, value)
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise BadScenario(where, expected, value) from None


def _words(where: str, value: object, *, most: int, least: int = 1) -> bytes:
    expected = f"{least} to {most} words of four hex digits"
    data = _bytes(where, value, expected)
    if len(data) % 2 or not least * 2 <= len(data) <= most * 2:
        raise BadScenario(where, expected, value)
    return data


def _hex_number(where: str, value: object, *, digits: int) -> int:
    expected = f"{digits} hex digits"
    data = _bytes(where, value, expected)
    if len(data) * 2 != digits:
        raise BadScenario(where, expected, value)
    return int.from_bytes(data)
