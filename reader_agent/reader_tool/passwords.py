"""Access passwords: from a file, the environment or a prompt; never from the command line, where every process may read them."""

import os
from pathlib import Path

import typer

from reader_agent.reader_tool.terminal import refuse

FORM = "eight hex digits"


def find_password(file: Path | None, variable: str, *, asks: bool, prompt: str, confirm: bool = False) -> int | None:
    """From the first of file, environment and prompt that is there; None if there is none. What was typed is shown nowhere."""
    if file is not None:
        return _parsed(_text_of(file), f"{file}")
    if variable in os.environ:
        return _parsed(os.environ[variable], variable)
    if asks:
        return _parsed(typer.prompt(f"{prompt} ({FORM})", hide_input=True, confirmation_prompt=confirm, err=True), "the password")
    return None


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except OSError as error:
        refuse(f"{file}: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"{file}: expected {FORM}")


def _parsed(text: str, where: str) -> int:
    digits = text.strip()
    try:
        value = bytes.fromhex(digits)
    except ValueError:
        value = b""
    if len(digits) != 8 or len(value) != 4:
        refuse(f"{where}: expected {FORM}")
    return int.from_bytes(value)
