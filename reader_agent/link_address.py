"""Where a reader is reached, as it stands in the configuration."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from reader_agent.door_address import FORMS as DOOR_FORMS
from reader_agent.door_address import DoorAddress, is_door, parse_door
from reader_agent.tls_address import FORM as TLS_FORM
from reader_agent.tls_address import TlsAddress, parse_tls

FORMS = f"tcp://HOST:PORT or serial:///dev/serial/by-id/NAME?baud=115200 or {TLS_FORM}; smart readers: {DOOR_FORMS}"
MIN_BAUD, MAX_BAUD = 1200, 3_000_000


@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A serial port by a path that stays the same after a replug; no baud rate means the family's own."""

    path: str
    baud: int | None = None

    @property
    def place(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class TcpAddress:
    host: str
    port: int

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


LinkAddress = SerialAddress | TcpAddress | TlsAddress | DoorAddress


def parse_address(url: str) -> LinkAddress:
    """The address that the URL names. Raises ValueError with what to write instead."""
    if not url.isprintable():
        raise ValueError(f"there is a sign in it that cannot be seen; type it anew: {FORMS}")
    if is_door(url):
        return parse_door(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{error}; write {FORMS}") from None
    if "@" in parts.netloc or has_blank(parts.netloc):
        raise ValueError(f"this is no address of a reader; write {FORMS}")
    if parts.scheme == "serial" and not parts.netloc and parts.path.strip("/") and url.startswith("serial:///"):
        return SerialAddress(parts.path, _find_baud(parts.query))
    if parts.scheme == "tcp" and parts.hostname and port and not parts.path.strip("/") and not parts.query:
        return TcpAddress(parts.hostname, port)
    if parts.scheme == "tls" and parts.hostname and not parts.path.strip("/"):
        return parse_tls(parts.hostname, port, parts.query)
    raise ValueError(f"this is no address of a reader; write {_meant(url) or FORMS}")


def has_blank(text: str) -> bool:
    """A blank that slipped into a host's name: the parser of URLs takes it for a part of the name."""
    return any(sign.isspace() for sign in text)


def _meant(text: str) -> str | None:
    """The address that a bare path or a bare HOST:PORT stands for, as it is to be written."""
    if text.startswith("/dev/"):
        return f"serial://{text}"
    host, _, port = text.rpartition(":")
    return f"tcp://{text}" if host and port.isdecimal() and "/" not in text and "@" not in text else None


def _find_baud(query: str) -> int | None:
    settings = dict(parse_qsl(query, keep_blank_values=True))
    text = settings.pop("baud", None)
    if settings:
        raise ValueError(f"unknown setting {next(iter(settings))!r} after '?'; only baud=NUMBER is known")
    if text is None:
        return None
    if not text.isdecimal() or not MIN_BAUD <= int(text) <= MAX_BAUD:
        raise ValueError(f"baud={text} is no baud rate; write a number such as baud=115200")
    return int(text)
