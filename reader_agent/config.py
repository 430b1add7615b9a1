"""What one agent is, from one TOML file. Every error in it is found in one go, and each says what to write instead.

The rules over several values (a port used twice, a lane that is not there) are in `config_rules.py`.
"""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from firmware_protocols.catalogue import ALL_FAMILIES, codec_for
from firmware_protocols.codec import Codec
from firmware_protocols.commands import Region, SetAntennas
from firmware_protocols.errors import ProtocolError
from firmware_protocols.family_options import find_option_problems
from reader_agent.config_rules import Problem, find_conflicts, nearest, toml_remedy
from reader_agent.door_address import HttpAddress
from reader_agent.door_rules import Wishes, find_misuse, settings_of
from reader_agent.link_address import LinkAddress, has_blank, parse_address
from schemas.errors import ContractError
from schemas.identifiers import AgentId, AuthorityId, CheckpointId, LaneId, Name, ReaderId
from schemas.topics import AgentAddress

DEFAULT_MQTT_PORT, DEFAULT_MQTTS_PORT = 1883, 8883
_BROKER_FORM = (
    "write mqtt://USER:PASSWORD@HOST:1883 or mqtts://USER:PASSWORD@HOST:8883, within name and password / as %2F, # as %23, ? as %3F"
)
_N = TypeVar("_N", bound=Name)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is, and as whom we sign in. The password is shown nowhere."""

    host: str
    port: int
    has_tls: bool
    username: str | None
    password: str | None

    def __str__(self) -> str:
        return f"{'mqtts' if self.has_tls else 'mqtt'}://{self.host}:{self.port}"

    __repr__ = __str__


def parse_broker(url: str) -> BrokerAddress:
    """The broker that the URL names. Raises ValueError with what to write instead."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its words quote pieces of the password
        raise ValueError(f"this is no address of a broker; {_BROKER_FORM}") from None
    rest = parts.path.strip("/") + parts.query + parts.fragment
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or has_blank(parts.hostname) or port == 0 or rest:
        raise ValueError(f"this is no address of a broker; {_BROKER_FORM}")
    has_tls = parts.scheme == "mqtts"
    name = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return BrokerAddress(parts.hostname, port or (DEFAULT_MQTTS_PORT if has_tls else DEFAULT_MQTT_PORT), has_tls, name, password)


def _text(value: object) -> str:
    if isinstance(value, dict | list):
        raise ValueError("write one text in quotes")  # noqa: TRY004 — pydantic takes a ValueError
    if not isinstance(value, str):
        raise ValueError(f'write text in quotes, such as "{value}"')  # noqa: TRY004 — pydantic takes a ValueError
    return value


def _name(kind: type[_N]) -> Callable[[object], _N]:
    def parse(value: object) -> _N:
        try:
            return kind(_text(value))
        except ContractError:
            raise ValueError("write a name of 1 to 40 of a-z, 0-9 and inner '-'") from None

    return parse


def _number(lowest: float, highest: float) -> BeforeValidator:
    """A number as TOML has it: neither a text in quotes nor true or false."""

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
            raise ValueError(f"write a number from {lowest:g} to {highest:g}, without quotes")
        return value

    return BeforeValidator(check)


def _whole_number(lowest: int, highest: int) -> BeforeValidator:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise ValueError(f"write a whole number from {lowest} to {highest}, without quotes")
        return value

    return BeforeValidator(check)


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("write true or false, without quotes")  # noqa: TRY004 — pydantic takes a ValueError
    return value


def _family(value: object) -> str:
    family = _text(value)
    if family not in ALL_FAMILIES:
        raise ValueError(f"unknown reader family; write one of {', '.join(ALL_FAMILIES)}{nearest(family, ALL_FAMILIES)}")
    return family


def _region(value: object) -> Region:
    region = _text(value)
    if region not in {*Region}:
        raise ValueError(f"unknown region; write one of {', '.join(Region)}{nearest(region, Region)}")
    return Region(region)


def _antennas(value: object) -> dict[int, LaneId]:
    remedy = 'write antenna port = "lane", such as { 1 = "in", 2 = "out" }'
    if not isinstance(value, dict) or not value:
        raise ValueError(remedy)
    if not all(str(port).isdecimal() and 1 <= int(port) <= 255 for port in value):
        raise ValueError(f"antenna ports count from 1; {remedy}")
    if len({int(port) for port in value}) < len(value):
        raise ValueError(f"an antenna port stands there twice; {remedy}")
    return {int(port): _name(LaneId)(lane) for port, lane in value.items()}


def _not_empty_table(value: object) -> object:
    if not isinstance(value, dict) or not value:
        raise ValueError('write at least one lane, such as in = "towards the market"')
    return value


Lanes = dict[Annotated[LaneId, BeforeValidator(_name(LaneId))], Annotated[str, BeforeValidator(_text)]]


def _path(value: object) -> Path:
    path = Path(_text(value))
    if not path.is_absolute():
        raise ValueError(f'write the whole path, such as "/var/lib/ebike-agent/{path.name or "NAME"}"')
    return path


AbsolutePath = Annotated[Path, BeforeValidator(_path)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class BrokerConfig(_Table):
    address: Annotated[BrokerAddress, BeforeValidator(lambda value: parse_broker(_text(value)))] = Field(alias="url")
    ca_file: AbsolutePath | None = None
    cert_file: AbsolutePath | None = None
    cert_key_file: AbsolutePath | None = None
    in_flight: Annotated[int, _whole_number(1, 1000)] = 100
    resend_s: Annotated[float, _number(0.1, 3600)] = 10.0


class WindowConfig(_Table):
    silence_s: Annotated[float, _number(0.1, 60)] = 2.0
    max_s: Annotated[float, _number(1, 3600)] = 60.0


class SpoolConfig(_Table):
    max_mb: Annotated[int, _whole_number(1, 100_000)] = 512


class ReaderConfig(_Table):
    name: Annotated[ReaderId, BeforeValidator(_name(ReaderId))]
    family: Annotated[str, BeforeValidator(_family)]
    link: Annotated[LinkAddress, BeforeValidator(lambda value: parse_address(_text(value)))] = Field(alias="url")
    address: Annotated[int | None, _whole_number(0, 255)] = None
    antenna_ports: Annotated[int | None, _whole_number(1, 255)] = None
    antennas: Annotated[dict[int, LaneId], BeforeValidator(_antennas)]
    region: Annotated[Region | None, BeforeValidator(_region)] = None
    power_dbm: Annotated[float | None, _number(0, 36)] = None
    read_tid: Annotated[bool, BeforeValidator(_yes_or_no)] = False
    lost_after_s: Annotated[float | None, _number(1, 86_400)] = None
    options: dict[str, Any] = Field(default_factory=dict)
    """What `firmware_protocols.family_options` lists for the family."""

    @property
    def wishes(self) -> Wishes:
        return Wishes(tuple(self.antennas), self.region, self.power_dbm, self.lost_after_s)


def _not_empty(value: tuple[ReaderConfig, ...]) -> tuple[ReaderConfig, ...]:
    if not value:
        raise ValueError("write at least one [[readers]]")
    return value


class AgentConfig(_Table):
    authority: Annotated[AuthorityId, BeforeValidator(_name(AuthorityId))]
    checkpoint: Annotated[CheckpointId, BeforeValidator(_name(CheckpointId))]
    agent: Annotated[AgentId, BeforeValidator(_name(AgentId))]
    key_file: AbsolutePath
    data_dir: AbsolutePath
    broker: BrokerConfig
    lanes: Annotated[Lanes, BeforeValidator(_not_empty_table)]
    readers: Annotated[tuple[ReaderConfig, ...], AfterValidator(_not_empty)]
    window: WindowConfig = WindowConfig()
    spool: SpoolConfig = SpoolConfig()

    @property
    def address(self) -> AgentAddress:
        return AgentAddress(self.authority, self.checkpoint, self.agent)


class ConfigWrong(Exception):
    """The file cannot be worked with; `problems` says all that is wrong with it."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        super().__init__(f"{path}: " + "; ".join(map(str, problems)))
        self.path, self.problems = path, problems


def read_config(path: Path) -> AgentConfig:
    """The agent that the file describes. Raises ConfigWrong with every problem in it."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # editors of other systems put a mark before the text
        raw = tomllib.loads(text)
    except OSError as error:
        raise ConfigWrong(path, [Problem("", None, f"cannot be read: {error.strerror}; give the path of the agent's TOML file")]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigWrong(path, [Problem("", None, f"is not UTF-8 text (line {line}); save it as UTF-8")]) from error
    except (ValueError, RecursionError) as error:  # beside its own errors the parser lets through Python's, as of a number of 5,000 digits
        raise ConfigWrong(path, [Problem("", None, f"is not TOML: {error}; {toml_remedy(text, str(error))}")]) from error
    return parse_config(raw, path)


def parse_config(raw: dict[str, Any], path: Path) -> AgentConfig:
    try:
        config = AgentConfig.model_validate(raw)
    except ValidationError as error:
        problems = [_problem(dict(detail), raw) for detail in error.errors(include_url=False)]
        raise ConfigWrong(path, problems + find_conflicts(raw)) from None
    problems = find_conflicts(raw) + [problem for reader in config.readers for problem in _refused_by_family(reader)]
    if problems:
        raise ConfigWrong(path, problems)
    return config


def _refused_by_family(reader: ReaderConfig) -> Iterator[Problem]:
    """What no reader of that family accepts, found before one is asked."""
    place = f"readers.{reader.name}"
    if problems := list(find_option_problems(reader.family, reader.options)):
        yield from (Problem(f"{place}.options.{found.key}", found.value, found.remedy) for found in problems)
        return
    try:
        codec = codec_for(reader.family, address=reader.address, antenna_ports=reader.antenna_ports, options=reader.options)
    except ProtocolError as error:
        yield Problem(f"{place}.family", reader.family, f"{error}; correct antenna_ports or address")
        return
    yield from (
        Problem(f"{place}.{found.key}", found.value, found.remedy) for found in find_misuse(reader.family, reader.link, reader.wishes)
    )
    if not isinstance(reader.link, HttpAddress):
        yield from _refused_settings(place, reader, codec)


def _refused_settings(place: str, reader: ReaderConfig, codec: Codec) -> Iterator[Problem]:
    facts = codec.facts
    if facts.antenna_ports == 1 and list(reader.antennas) != [1]:
        yield Problem(
            f"{place}.antennas", ", ".join(map(str, reader.antennas)), f'{reader.family} readers have one port; write {{ 1 = "LANE" }}'
        )
    has_choice = facts.antenna_ports > 1 and facts.takes_commands  # who takes none reads with the ports that it was set to elsewhere
    for key, value, command in settings_of(reader.wishes):
        if isinstance(command, SetAntennas) and not has_choice:
            continue
        try:
            codec.encode(command)
        except ProtocolError as error:
            yield Problem(f"{place}.{key}", value, str(error))


_REMEDIES = {
    "dict_type": "write a table, such as { keepalive_ms = 500 }",
    "missing": "is missing; write it, `ebike-agent example` shows the form",
    "model_type": "write a table, such as [broker] with its settings below it",
    "tuple_type": "write [[readers]] before each reader's settings",
}


def _problem(detail: dict[str, Any], raw: dict[str, Any]) -> Problem:
    kind, place = detail["type"], detail["loc"]
    value = None if kind == "missing" else detail["input"]
    if kind == "extra_forbidden":
        remedy = f"is not a setting of this program; remove it or correct its spelling{nearest(str(place[-1]), _settings_at(place[:-1]))}"
    else:
        remedy = _REMEDIES.get(kind) or str(detail["msg"]).removeprefix("Value error, ")
    return Problem(key_of(place, raw), value, remedy)


def _settings_at(place: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand in a table of the file."""
    table = _TABLES.get(str(place[0]), AgentConfig) if place else AgentConfig
    return [field.alias or name for name, field in table.model_fields.items()]


_TABLES: dict[str, type[_Table]] = {"broker": BrokerConfig, "window": WindowConfig, "spool": SpoolConfig, "readers": ReaderConfig}


_OF_KEY = "[key]"
"""Where pydantic means the key of an entry and not its value."""


def key_of(place: tuple[int | str, ...], raw: dict[str, Any]) -> str:
    """The place as a person names it: a reader by its name, not by its number in the file."""
    if place[0] == "readers" and len(place) > 1 and isinstance(place[1], int):
        entry = raw["readers"][place[1]]
        name = entry.get("name") if isinstance(entry, dict) else None
        place = ("readers", name if isinstance(name, str) else f"[{place[1] + 1}]", *place[2:])
    return ".".join(str(part) for part in place if part != _OF_KEY)
