"""The line that a command was told to play a reader on."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from reader_agent.clock import SystemClock
from reader_agent.reader_tool.lines import PtyLine, TcpLine
from reader_agent.reader_tool.terminal import refuse
from reader_agent.reader_tool.tls_line import TlsLine, make_certificate

_Line = TypeVar("_Line")


def open_line(
    *, is_pty: bool, tcp: str | None, link: Path | None, baud: int | None = None, tls: str | None = None, certificate: Path | None = None
) -> PtyLine | TcpLine:
    """Ends the program with a sentence if there is no such line. A TLS line makes its certificate where there is none."""
    if is_pty + (tcp is not None) + (tls is not None) != 1:
        refuse("write either --pty or --tcp HOST:PORT")
    if baud is not None and not is_pty:
        refuse("--baud is the speed of a serial line; it goes with --pty")
    if tls is not None:
        if certificate is None:
            refuse("--tls: write --cert FILE.pem, too; it is made if it is not there, and hosts are given it as their ca")
        whole = certificate.absolute()
        return listen_at("--tls", tls, lambda host, port: TlsLine(host, port, made_if_missing(whole, host)))
    return PtyLine(link, baud) if tcp is None else listen_at("--tcp", tcp, TcpLine)


def listen_at(option: str, place: str, line: Callable[[str, int], _Line]) -> _Line:
    """The line that `line` makes of host and port. Ends the program with a sentence where there can be none."""
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        refuse(f"{option} {place}: write HOST:PORT, such as 127.0.0.1:4001")
    try:
        return line(host, int(port))
    except OSError as error:
        refuse(f"{option} {place}: {error.strerror or error}; choose another port, or 0 for a free one")


def made_if_missing(certificate: Path, host: str) -> Path:
    """Ends the program with a sentence where it cannot be written."""
    if certificate.exists():
        return certificate
    made = make_certificate(host, SystemClock().now().utc)
    try:
        with os.fdopen(os.open(certificate, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made)
    except OSError as error:
        refuse(f"--cert {certificate}: {error.strerror}; name a file in a folder that this account may write")
    return certificate
