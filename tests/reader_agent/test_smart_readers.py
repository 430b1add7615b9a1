"""Smart readers at a checkpoint: from their doors to sightings at the registry, through their faults."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reader_agent.door_address import WebhookAddress
from reader_agent.links.webhook_link import WebhookLink
from tests.reader_agent.fakes import Broker, Registry, free_port
from tests.reader_agent.links.scripted_http import Script, serving
from tests.reader_agent.simulator import SimulatorProcess
from tests.reader_agent.test_agent import AgentProcess, opened

HEAD = """
authority = "kcc"
checkpoint = "pti-more"
agent = "pti-more-1"
key_file = "{folder}/agent.key"
data_dir = "{folder}/data"
broker = {{ url = "{broker}", resend_s = 1.0 }}
lanes = {{ in = "towards the market", out = "from the market" }}
window = {{ silence_s = 0.5 }}
"""
ONE_IN_TWO_OUT = '{ 1 = "in", 2 = "out" }'


class Checkpoint:
    """An agent with the readers of one test. Each reader may be anything."""

    def __init__(self, folder: Path, broker: Broker, registry: Registry, key: bytes) -> None:
        self.folder, self.broker, self.registry = folder, broker, registry
        (folder / "agent.key").write_text(key.hex())
        (folder / "agent.key").chmod(0o600)
        self.password_file = folder / "password"
        self.password_file.write_text("impinj")
        self.password_file.chmod(0o600)
        self._text = HEAD.format(folder=folder, broker=broker.url)
        self.simulators: list[SimulatorProcess] = []
        self.agent = AgentProcess(folder / "agent.toml")

    def add(self, name: str, family: str, url: str, more: str = "", antennas: str = ONE_IN_TWO_OUT) -> None:
        self._text += f'[[readers]]\nname = "{name}"\nfamily = "{family}"\nurl = "{url}"\nantennas = {antennas}\n{more}\n'

    def simulate(self, family: str, *options: str) -> SimulatorProcess:
        self.simulators.append(SimulatorProcess(family, *options))
        return self.simulators[-1]

    def r700(self, *options: str, password: str | None = None) -> tuple[SimulatorProcess, str]:
        """One over HTTPS, and its URL."""
        account = ("--account", "root", "--password-file", str(self.password_file))
        reader = self.simulate("impinj-json", "--http", "127.0.0.1:0", "--cert", str(self.folder / "r700.pem"), *account, *options)
        file = self.password_file
        if password is not None:
            file = self.folder / "another"
            file.write_text(password)
            file.chmod(0o600)
        return reader, f"{reader.place}&account=root&password_file={file}"

    def start(self) -> None:
        (self.folder / "agent.toml").write_text(self._text)
        self.agent.start()

    def await_state(self, name: str, state: str) -> str:
        """Until the newest status says so of that reader; gives the reason in words."""
        self.registry.wait_until(lambda: state == self._status(name).get("state"))
        return self._status(name)["detail"]

    def await_sighting(self, name: str, epc: str) -> None:
        self.registry.wait_until(lambda: (name, epc) in {(event.reader, str(event.epc)) for event in opened(self.registry)})

    def _status(self, name: str) -> dict[str, str]:
        newest = self.registry.statuses[-1].readers if self.registry.statuses else []
        found = next((reader for reader in newest if reader.reader == name), None)
        return {} if found is None else {"state": found.state, "detail": found.detail}


@pytest.fixture
def checkpoint(tmp_path: Path, broker: Broker, registry: Registry, private_key: bytes) -> Iterator[Checkpoint]:
    broker.start()
    registry.connect()
    checkpoint = Checkpoint(tmp_path, broker, registry, private_key)
    yield checkpoint
    checkpoint.agent.end(signal.SIGKILL)
    for simulator in checkpoint.simulators:
        simulator.stop()


@pytest.fixture
def readers_broker(tmp_path: Path) -> Iterator[Broker]:
    """The one that readers publish to; it need not be the registry's."""
    broker = Broker(tmp_path / "readers-broker").start()
    yield broker
    broker.stop()


def epc_of(number: int) -> str:
    return f"EB00010000000101{number:08X}"


def tid_of(number: int) -> str:
    return f"E280116020001111{number:08X}"


def test_one_checkpoint_mixes_readers_of_every_door(checkpoint: Checkpoint, readers_broker: Broker) -> None:
    port, topic = free_port(), f"{readers_broker.url}/zebra/fx1/d-evt"
    r700, r700_url = checkpoint.r700()
    account = ("--account", "gate-5", "--password-file", str(checkpoint.password_file))
    by_name = {
        "board": checkpoint.simulate("m100", "--pty", "--link", str(checkpoint.folder / "board")),
        "r700": r700,
        "fx": checkpoint.simulate("zebra-json", "--mqtt", topic),
        "poster": checkpoint.simulate("impinj-json", "--post", f"http://127.0.0.1:{port}/gate-5", *account),
        "lines": checkpoint.simulate("zebra-json", "--tcp", "127.0.0.1:0"),
    }
    checkpoint.add("board", "m100", f"serial://{by_name['board'].place}", antennas='{ 1 = "in" }')
    checkpoint.add("r700", "impinj-json", r700_url, "power_dbm = 27.0")
    checkpoint.add("fx", "zebra-json", f"{readers_broker.url}/zebra/fx1/#")
    checkpoint.add("poster", "impinj-json", f"webhook://127.0.0.1:{port}/gate-5?account=gate-5&password_file={checkpoint.password_file}")
    checkpoint.add("lines", "zebra-json", f"tcp://{by_name['lines'].place}")
    checkpoint.start()
    for name in by_name:
        checkpoint.await_state(name, "running")
    for number, (name, reader) in enumerate(by_name.items()):
        reader.enter(epc_of(number), tid_of(number), antenna=1 if name == "board" else 2, dwell_s=2.0)
    for number, name in enumerate(by_name):
        checkpoint.await_sighting(name, epc_of(number))
    lanes = {str(event.reader): str(event.lane) for event in opened(checkpoint.registry)}
    assert lanes == {"board": "in", "r700": "out", "fx": "out", "poster": "out", "lines": "out"}
    assert checkpoint.agent.end() == 0


def pulled(reader: SimulatorProcess) -> None:
    reader.tell(unplug={"seconds": 2.0})


def hung(reader: SimulatorProcess) -> None:
    reader.tell(faults={"silence_s": 4.0})


@pytest.mark.parametrize("fault", [pulled, hung])
def test_an_r700_that_is_lost_is_named_and_comes_back_by_itself(checkpoint: Checkpoint, fault: Callable[[SimulatorProcess], None]) -> None:
    reader, url = checkpoint.r700()
    checkpoint.add("r700", "impinj-json", url)
    checkpoint.start()
    checkpoint.await_state("r700", "running")
    fault(reader)
    assert url.partition("?")[0] in checkpoint.await_state("r700", "lost")
    checkpoint.await_state("r700", "running")
    reader.enter(epc_of(1), tid_of(1))
    checkpoint.await_sighting("r700", epc_of(1))
    assert str(checkpoint.password_file) not in checkpoint.agent.logs


def test_a_wrong_password_is_a_refusal_in_words_and_is_shown_nowhere(checkpoint: Checkpoint) -> None:
    _, url = checkpoint.r700(password="guessed-wrong")
    checkpoint.add("r700", "impinj-json", url)
    checkpoint.start()
    assert "the account 'root' or its password is wrong" in checkpoint.await_state("r700", "refused")
    assert checkpoint.agent.end() == 0
    assert "guessed-wrong" not in checkpoint.agent.logs


def test_half_lines_and_garbage_cost_themselves_alone(checkpoint: Checkpoint) -> None:
    reader, url = checkpoint.r700("--truncated", "0.2", "--noise", "0.2", "--wrong-checksum", "0.1", "--split", "0.3")
    checkpoint.add("r700", "impinj-json", url)
    checkpoint.start()
    for number in range(5):
        reader.enter(epc_of(number), tid_of(number))
    for number in range(5):
        checkpoint.await_sighting("r700", epc_of(number))
    assert {str(event.epc) for event in opened(checkpoint.registry)} == {epc_of(number) for number in range(5)}


def test_a_reader_that_is_busy_is_asked_again_until_it_is_not(checkpoint: Checkpoint) -> None:
    tag = b'{"eventType": "tagInventory", "tagInventoryEvent": {"epcHex": "%s", "antennaPort": 1}}\r\n' % epc_of(1).encode()
    script = Script({"/api/v1/profiles/inventory/start": 503}, pieces=(tag,))
    with serving(script) as port:
        checkpoint.add("r700", "impinj-json", f"http://127.0.0.1:{port}")
        checkpoint.start()
        assert "it answers 503; it is busy or starting" in checkpoint.await_state("r700", "lost")
        script.statuses.clear()
        checkpoint.await_sighting("r700", epc_of(1))
        checkpoint.await_state("r700", "running")
        checkpoint.agent.end()


def test_a_topic_that_falls_silent_is_a_lost_reader_though_the_broker_stands(checkpoint: Checkpoint, readers_broker: Broker) -> None:
    handheld = checkpoint.simulate("zebra-json", "--mqtt", f"{readers_broker.url}/rfd40", "--set", "model=handheld")
    checkpoint.add("handheld", "zebra-json", f"{readers_broker.url}/rfd40", "lost_after_s = 1.5", antennas='{ 1 = "in" }')
    checkpoint.start()
    assert "nothing for more than 1.5 s" in checkpoint.await_state("handheld", "lost")
    handheld.enter(epc_of(1), tid_of(1))
    checkpoint.await_sighting("handheld", epc_of(1))
    checkpoint.await_state("handheld", "running")
    checkpoint.agent.end()
    logged = [json.loads(line) for line in checkpoint.agent.logs.splitlines()]
    assert [entry["state"] for entry in logged if entry["event"] == "reader_state"] == ["running", "lost", "running"]


def test_a_readers_broker_that_dies_is_named_and_found_again(checkpoint: Checkpoint, readers_broker: Broker) -> None:
    fx = checkpoint.simulate("zebra-json", "--mqtt", f"{readers_broker.url}/fx1")
    checkpoint.add("fx", "zebra-json", f"{readers_broker.url}/fx1")
    checkpoint.start()
    checkpoint.await_state("fx", "running")
    readers_broker.kill()
    assert f"{readers_broker.url}/fx1" in checkpoint.await_state("fx", "lost")
    readers_broker.start()
    checkpoint.await_state("fx", "running")
    fx.enter(epc_of(1), tid_of(1))
    checkpoint.await_sighting("fx", epc_of(1))


def test_a_listener_whose_port_is_taken_says_so_and_takes_it_when_it_is_free(checkpoint: Checkpoint) -> None:
    other = WebhookLink(WebhookAddress("127.0.0.1", 0, "/other"))
    checkpoint.add("poster", "impinj-json", f"webhook://127.0.0.1:{other.port}/gate-5")
    checkpoint.start()
    assert f"port 127.0.0.1:{other.port} is held by another process" in checkpoint.await_state("poster", "refused")
    port = other.port
    other.close()
    checkpoint.await_state("poster", "running")
    reader = checkpoint.simulate("impinj-json", "--post", f"http://127.0.0.1:{port}/gate-5")
    reader.enter(epc_of(1), tid_of(1))
    checkpoint.await_sighting("poster", epc_of(1))
