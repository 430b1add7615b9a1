"""A broker and a registry for every test that wants them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.identifiers import AgentId, AuthorityId, CheckpointId
from schemas.signing import new_private_key, public_key_of
from schemas.topics import AgentAddress
from tests.reader_agent.fakes import Broker, Registry


@pytest.fixture
def address() -> AgentAddress:
    return AgentAddress(AuthorityId("kcc"), CheckpointId("pti-more"), AgentId("pti-more-1"))


@pytest.fixture
def private_key() -> bytes:
    return new_private_key()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Not started yet."""
    broker = Broker(tmp_path / "broker")
    yield broker
    broker.stop()


@pytest.fixture
def registry(broker: Broker, address: AgentAddress, private_key: bytes) -> Iterator[Registry]:
    """Not connected yet."""
    registry = Registry(broker, address, public_key_of(private_key))
    yield registry
    registry.disconnect()
