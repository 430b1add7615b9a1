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
from firmware_protocols.commands import Command, Region, SetAntennas, SetPower, SetRegion
from firmware_protocols.errors import ProtocolError
from reader_agent.config_rules import Problem, find_conflicts
from reader_agent.link_address import LinkAddress, parse_address
from schemas.errors import ContractError
from schemas.identifiers import AgentId, AuthorityId, CheckpointId, LaneId, Name, ReaderId
from schemas.topics import AgentAddress

DEFAULT_MQTT_PORT, DEFAULT_MQTTS_PORT = 1883, 8883
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
    except ValueError as error:
        raise ValueError(f"{error}; write mqtt://USER:PASSWORD@HOST:1883 or mqtts://USER:PASSWORD@HOST:8883") from None
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError("this is no address of a broker; write mqtt://USER:PASSWORD@HOST:1883 or mqtts://USER:PASSWORD@HOST:8883")
    has_tls = parts.scheme == "mqtts"
    name = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return BrokerAddress(parts.hostname, port or (DEFAULT_MQTTS_PORT if has_tls else DEFAULT_MQTT_PORT), has_tls, name, password)


def _text(value: object) -> str:
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


def _family(value: object) -> str:
    family = _text(value)
    if family not in ALL_FAMILIES:
        raise ValueError(f"unknown reader family; write one of {', '.join(ALL_FAMILIES)}")
    return family


def _region(value: object) -> Region:
    if value not in {*Region}:
        raise ValueError(f"unknown region; write one of {', '.join(Region)}")
    return Region(str(value))


def _antennas(value: object) -> dict[int, LaneId]:
    remedy = 'write antenna port = "lane", such as { 1 = "in", 2 = "out" }'
    if not isinstance(value, dict) or not value:
        raise ValueError(remedy)
    if not all(str(port).isdecimal() and 1 <= int(port) <= 255 for port in value):
        raise ValueError(f"antenna ports count from 1; {remedy}")
    return {int(port): _name(LaneId)(lane) for port, lane in value.items()}


def _lanes(value: object) -> dict[LaneId, str]:
    if not isinstance(value, dict) or not value:
        raise ValueError('write at least one lane, such as in = "towards the market"')
    return {_name(LaneId)(lane): _text(label) for lane, label in value.items()}


def _folder(value: Path) -> Path:
    if not value.is_absolute():
        raise ValueError(f'write the whole path, such as "/var/lib/ebike-agent/{value.name}"')
    return value


AbsolutePath = Annotated[Path, AfterValidator(_folder)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class BrokerConfig(_Table):
    address: Annotated[BrokerAddress, BeforeValidator(lambda value: parse_broker(_text(value)))] = Field(alias="url")
    ca_file: AbsolutePath | None = None
    cert_file: AbsolutePath | None = None
    cert_key_file: AbsolutePath | None = None
    in_flight: Annotated[int, Field(ge=1, le=1000)] = 100
    resend_s: Annotated[float, Field(ge=0.1, le=3600)] = 10.0


class WindowConfig(_Table):
    silence_s: Annotated[float, Field(ge=0.1, le=60)] = 2.0
    max_s: Annotated[float, Field(ge=1, le=3600)] = 60.0


class SpoolConfig(_Table):
    max_mb: Annotated[int, Field(ge=1, le=100_000)] = 512


class ReaderConfig(_Table):
    name: Annotated[ReaderId, BeforeValidator(_name(ReaderId))]
    family: Annotated[str, BeforeValidator(_family)]
    link: Annotated[LinkAddress, BeforeValidator(lambda value: parse_address(_text(value)))] = Field(alias="url")
    address: Annotated[int | None, Field(ge=0, le=255)] = None
    antenna_ports: Annotated[int | None, Field(ge=1, le=255)] = None
    antennas: Annotated[dict[int, LaneId], BeforeValidator(_antennas)]
    region: Annotated[Region | None, BeforeValidator(_region)] = None
    power_dbm: Annotated[float | None, Field(ge=0, le=36)] = None
    read_tid: bool = False


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
    lanes: Annotated[dict[LaneId, str], BeforeValidator(_lanes)]
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
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigWrong(path, [Problem("", None, f"cannot be read: {error.strerror}; give the path of the agent's TOML file")]) from error
    except UnicodeDecodeError as error:
        raise ConfigWrong(path, [Problem("", None, f"is not UTF-8 text (byte {error.start}); save it as UTF-8")]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigWrong(path, [Problem("", None, f"is not TOML: {error}; `ebike-agent example` shows the form")]) from error
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
    try:
        codec = codec_for(reader.family, address=reader.address, antenna_ports=reader.antenna_ports)
    except ProtocolError as error:
        yield Problem(f"{place}.family", reader.family, f"{error}; correct antenna_ports or address")
        return
    settings: list[tuple[str, object, Command]] = []
    if reader.region is not None:
        settings.append(("region", str(reader.region), SetRegion(reader.region)))
    if reader.power_dbm is not None:
        settings.append(("power_dbm", reader.power_dbm, SetPower(reader.power_dbm)))
    if codec.facts.antenna_ports > 1:
        settings.append(("antennas", ", ".join(map(str, reader.antennas)), SetAntennas(tuple(reader.antennas))))
    elif list(reader.antennas) != [1]:
        yield Problem(
            f"{place}.antennas", ", ".join(map(str, reader.antennas)), f'{reader.family} readers have one port; write {{ 1 = "LANE" }}'
        )
    for key, value, command in settings:
        try:
            codec.encode(command)
        except ProtocolError as error:
            yield Problem(f"{place}.{key}", value, str(error))


_REMEDIES = {
    "missing": "is missing; write it, `ebike-agent example` shows the form",
    "extra_forbidden": "is not a setting of this program; remove it or correct its spelling",
}


def _problem(detail: dict[str, Any], raw: dict[str, Any]) -> Problem:
    kind, place = detail["type"], detail["loc"]
    value = None if kind == "missing" else detail["input"]
    text = str(detail["msg"]).removeprefix("Value error, ")
    remedy = _REMEDIES.get(kind, text if kind == "value_error" else f"{text[:1].lower()}{text[1:]}; write such a value")
    return Problem(key_of(place, raw), value, remedy)


def key_of(place: tuple[int | str, ...], raw: dict[str, Any]) -> str:
    """The place as a person names it: a reader by its name, not by its number in the file."""
    if place[0] == "readers" and len(place) > 1 and isinstance(place[1], int):
        entry = raw["readers"][place[1]]
        name = entry.get("name") if isinstance(entry, dict) else None
        place = ("readers", name if isinstance(name, str) else f"[{place[1] + 1}]", *place[2:])
    return ".".join(str(part) for part in place)
