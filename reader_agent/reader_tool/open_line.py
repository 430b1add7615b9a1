"""The line that a command was told to play a reader on."""

from pathlib import Path

from reader_agent.reader_tool.lines import PtyLine, TcpLine
from reader_agent.reader_tool.terminal import refuse


def open_line(*, is_pty: bool, tcp: str | None, link: Path | None) -> PtyLine | TcpLine:
    """Ends the program with a sentence if there is no such line."""
    if is_pty == (tcp is not None):
        refuse("write either --pty or --tcp HOST:PORT")
    if tcp is None:
        return PtyLine(link)
    host, _, port = tcp.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        refuse(f"--tcp {tcp}: write HOST:PORT, such as 127.0.0.1:4001")
    try:
        return TcpLine(host, int(port))
    except OSError as error:
        refuse(f"--tcp {tcp}: {error.strerror or error}; choose another port, or 0 for a free one")
