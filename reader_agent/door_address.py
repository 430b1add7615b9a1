"""Where a smart reader tells what it sees: at its own HTTP server, at a broker, or at a listener of ours.

Settings stand after '?'. A password never does: a URL is shown in logs, so it names the file or the variable that holds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from firmware_protocols.impinj_json.requests import STREAM_PATH
from reader_agent.tls_address import FILES, SETTINGS, TlsAddress, parse_tls

SCHEMES = ("http", "https", "mqtt", "mqtts", "webhook")
FORMS = "https://HOST?account=root&password_file=/etc/ebike/r700.password, mqtt://BROKER/TOPIC or webhook://0.0.0.0:8081/PATH"
DEFAULT_PORTS = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}
ACCOUNT_SETTINGS = ("account", "password_file", "password_env")
WITH_TLS = frozenset({"https", "mqtts"})


@dataclass(frozen=True, slots=True)
class Account:
    """As whom one signs in. The password itself is fetched by `links.passwords` when it is needed."""

    name: str
    password_file: Path | None = None
    password_env: str | None = None


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """A reader's own HTTP server, with a stream of lines at `path`."""

    host: str
    port: int
    path: str = STREAM_PATH
    account: Account | None = None
    tls: TlsAddress | None = None

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def base_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """A topic, or a filter for several, to which a reader publishes."""

    host: str
    port: int
    topic: str
    account: Account | None = None
    tls: TlsAddress | None = None

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}/{self.topic}"

    @property
    def url(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.place}"


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """Where we listen for a reader that posts. With an account, only posts that sign in with it are taken."""

    host: str
    port: int
    path: str
    account: Account | None = None
    cert: Path | None = None
    """PEM file with our certificate and its key: the listener is then HTTPS."""

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"webhook://{self.place}{self.path}"


DoorAddress = HttpAddress | MqttAddress | WebhookAddress


@dataclass(frozen=True, slots=True)
class _Parts:
    scheme: str
    host: str
    port: int | None
    path: str
    settings: Mapping[str, str]
    account: Account | None
    tls: TlsAddress | None


def is_door(url: str) -> bool:
    return url.partition("://")[0] in SCHEMES


def parse_door(url: str) -> DoorAddress:
    """Raises ValueError with what to write instead; it quotes nothing of a URL that holds a password."""
    parts = _parts_of(url)
    if parts.scheme == "webhook":
        return _webhook(parts)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    if parts.scheme in {"http", "https"}:
        return HttpAddress(parts.host, port, parts.path if parts.path.strip("/") else STREAM_PATH, parts.account, parts.tls)
    return MqttAddress(parts.host, port, _topic(parts), parts.account, parts.tls)


def _parts_of(url: str) -> _Parts:
    address, _, query = url.partition("?")
    if "@" in address.partition("://")[2].partition("/")[0]:
        raise ValueError("a URL is shown in logs and holds no password; write ?account=NAME&password_file=/path/to/file after the address")
    try:
        parts = urlsplit(address.replace("#", "%23"))  # in a filter of topics '#' is a letter like any other
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{error}; write {FORMS}") from None
    if not parts.hostname or port == 0 or not parts.netloc.isprintable() or " " in parts.netloc:
        raise ValueError(f"this is no address of a reader; write {FORMS}")
    settings = dict(parse_qsl(query, keep_blank_values=True))
    _check_names(parts.scheme, settings)
    has_tls = parts.scheme in WITH_TLS
    default = DEFAULT_PORTS.get(parts.scheme)
    of_tls = urlencode({key: value for key, value in settings.items() if key in SETTINGS})
    tls = parse_tls(parts.hostname, port or default, of_tls) if has_tls else None
    return _Parts(parts.scheme, parts.hostname, port, unquote(parts.path), settings, _account(settings), tls)


def _check_names(scheme: str, settings: Mapping[str, str]) -> None:
    # paho checks the certificate against the name that was dialled, and knows no other
    of_tls = {"https": SETTINGS, "mqtts": FILES, "webhook": ("cert",)}.get(scheme, ())
    known = (*ACCOUNT_SETTINGS, *of_tls)
    for key in settings:
        if key not in known:
            raise ValueError(f"unknown setting {key!r} after '?'; known for {scheme}:// are {', '.join(f'{each}=…' for each in known)}")


def _account(settings: Mapping[str, str]) -> Account | None:
    name, file, variable = (settings.get(key) for key in ACCOUNT_SETTINGS)
    if name is None and file is None and variable is None:
        return None
    if not name or (file is None) == (variable is None):
        raise ValueError("to sign in write account=NAME and either password_file=/path/to/file or password_env=VARIABLE after '?'")
    if ":" in name:
        raise ValueError(f"account={name}: the name of an account holds no colon")
    if file is not None and not Path(file).is_absolute():
        raise ValueError(f"password_file={file} is no whole path; write one such as password_file=/etc/ebike/{file or 'r700.password'}")
    return Account(name, Path(file) if file else None, variable)


def _topic(parts: _Parts) -> str:
    topic = parts.path.removeprefix("/")
    if not topic:
        raise ValueError(f"the reader's topic is missing; write {parts.scheme}://{parts.host}/TOPIC as it is set on the reader")
    levels = topic.split("/")
    is_filter = all(level in {"+", "#"} or not {"+", "#"} & set(level) for level in levels) and "#" not in levels[:-1]
    if not is_filter or "\0" in topic:
        raise ValueError(f"{topic!r} is no topic; '+' stands for one whole level, '#' for all that follow, at the end")
    return topic


def _webhook(parts: _Parts) -> WebhookAddress:
    if parts.port is None or not parts.path.strip("/"):
        raise ValueError("write the port to listen on and the path that is set on the reader, such as webhook://0.0.0.0:8081/gate-3")
    cert = parts.settings.get("cert")
    if cert is not None and not Path(cert).is_absolute():
        raise ValueError(f"cert={cert} is no whole path; write one such as cert=/etc/ebike/{cert or 'agent.pem'}")
    return WebhookAddress(parts.host, parts.port, parts.path, parts.account, Path(cert) if cert is not None else None)
