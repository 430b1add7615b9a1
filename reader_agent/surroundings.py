"""What on this computer keeps a right configuration from working. Looks at files; opens no port and no connection."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reader_agent.broker_trust import tls_context
from reader_agent.config import AgentConfig
from reader_agent.door_address import DoorAddress
from reader_agent.errors import CertificateWrong, KeyFileWrong, LinkLost
from reader_agent.key_file import MAKE_IT, load_key
from reader_agent.link_address import SerialAddress
from reader_agent.links.passwords import password_of

OPEN_TO_OTHERS = 0o007


@dataclass(frozen=True, slots=True)
class Finding:
    """`is_fault`: the agent would not run. Else it is a hint to whoever sets the box up."""

    key: str
    text: str
    is_fault: bool


def look_around(config: AgentConfig, config_file: Path) -> list[Finding]:
    """Every finding, faults first."""
    found = [
        *_key(config),
        *_folder(config.data_dir),
        *_certificates(config),
        *_reader_files(config),
        *_same_port(config),
        *_open_password(config, config_file),
    ]
    return sorted(found, key=lambda finding: not finding.is_fault)


def _key(config: AgentConfig) -> Iterator[Finding]:
    try:
        load_key(config.key_file)
    except KeyFileWrong as wrong:
        if isinstance(wrong.__cause__, PermissionError):
            yield Finding(
                "key_file", f"{config.key_file} cannot be looked at by this account; the agent's own must be able to", is_fault=False
            )
        elif not config.key_file.exists():
            yield Finding("key_file", f"there is no key yet; {MAKE_IT}, as the agent's account", is_fault=False)
        else:
            yield Finding("key_file", str(wrong), is_fault=True)


def _folder(data_dir: Path) -> Iterator[Finding]:
    """The agent makes the folder itself; what is there already must let it."""
    there = next(path for path in (data_dir, *data_dir.parents) if os.path.lexists(path))
    if not there.is_dir():
        yield Finding("data_dir", f"data_dir = {data_dir}: {there} is no folder; correct data_dir", is_fault=True)
    elif not os.access(there, os.W_OK | os.X_OK):
        yield Finding(
            "data_dir", f"data_dir = {data_dir}: this account may not write in {there}; the agent's own must be able to", is_fault=False
        )


def _certificates(config: AgentConfig) -> Iterator[Finding]:
    if not config.broker.address.has_tls:
        return
    try:
        tls_context(config.broker)
    except CertificateWrong as wrong:
        yield Finding(wrong.key, str(wrong), is_fault=not isinstance(wrong.__cause__, PermissionError))


def _reader_files(config: AgentConfig) -> Iterator[Finding]:
    """A password that comes from the environment is that of the agent's service: from here it may be missing and yet be there."""
    for reader in config.readers:
        account = reader.link.account if isinstance(reader.link, DoorAddress) else None
        if account is None:
            continue
        try:
            password_of(account, str(reader.name))
        except LinkLost as lost:
            is_fault = account.password_file is not None and not isinstance(lost.__cause__, PermissionError)
            yield Finding(f"readers.{reader.name}.url", lost.reason, is_fault=is_fault)


def _same_port(config: AgentConfig) -> Iterator[Finding]:
    """/dev/ttyUSB0 and its name under by-id are one port."""
    first: dict[str, str] = {}
    for reader in config.readers:
        if isinstance(reader.link, SerialAddress):
            port = os.path.realpath(reader.link.path)
            if port in first:
                sentence = f"readers {first[port]} and {reader.name} both lead to {port}; give each its own port"
                yield Finding(f"readers.{reader.name}.url", sentence, is_fault=True)
            first.setdefault(port, reader.name)


def _open_password(config: AgentConfig, config_file: Path) -> Iterator[Finding]:
    if config.broker.address.password and config_file.stat().st_mode & OPEN_TO_OTHERS:
        yield Finding("", f"every account of this computer can read the broker's password; type: chmod o= {config_file}", is_fault=False)
