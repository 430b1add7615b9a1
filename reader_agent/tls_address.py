"""Where a reader is reached inside TLS, and how it is known to be the one that is meant."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

FORM = "tls://HOST:5085?ca=/etc/ebike/readers.pem"
DEFAULT_PORT = 5085  # LLRP inside TLS, as the IANA lists it
FILES = ("ca", "cert")
SETTINGS = (*FILES, "name")


@dataclass(frozen=True, slots=True)
class TlsAddress:
    host: str
    port: int = DEFAULT_PORT
    ca: Path | None = None
    """PEM file of whoever vouches for the reader, or the reader's own certificate. None: whom this computer trusts already."""
    name: str | None = None
    """The name in the reader's certificate, where it is not the host that is dialled. It is always checked."""
    cert: Path | None = None
    """PEM file with our own certificate and its key, for readers that ask for one."""

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


def parse_tls(host: str, port: int | None, query: str) -> TlsAddress:
    """The address that those parts of a URL name. Raises ValueError with what to write instead."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    for key, value in given.items():
        if key not in SETTINGS:
            raise ValueError(f"unknown setting {key!r} after '?'; known are {', '.join(f'{each}=…' for each in SETTINGS)}")
        if key in FILES and not Path(value).is_absolute():
            raise ValueError(f"{key}={value} is no whole path; write one such as {key}=/etc/ebike/{value or 'readers.pem'}")
        if not value.strip("."):
            raise ValueError(f"{key}={value} is no name; write the one in the reader's certificate")
    ca, cert = (Path(given[key]) if key in given else None for key in FILES)
    return TlsAddress(host, port or DEFAULT_PORT, ca, given.get("name"), cert)
