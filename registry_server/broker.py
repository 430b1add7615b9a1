"""The broker that `up` starts when there is none: nats-server from its wheel, MQTT 3.1.1 with JetStream on disk.

It is a pipe, never the store (docs/decisions/0003-broker.md): what it loses comes again from the agents' spools.
"""

import json
import socket
import sysconfig
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from registry_server.errors import SetupError
from registry_server.ports import claim_port, in_url
from registry_server.processes import Child

READY_WITHIN_S = 20.0
PORT_TAKEN = "Stop what uses that port, choose another with --broker-port, or use the broker there with --broker-url."
RECEIVE_WINDOW = 64
"""Messages under way to the worker at most. At 256 KiB each this bounds its memory."""


GAVE_UP = b"JetStream failed to store a msg"
"""What nats-server 2.15 logs of each message that its store does not take, as on a full disk."""


@dataclass(slots=True)
class BrokerLog:
    """What the broker has written since it was looked at last."""

    path: Path
    _read_bytes: int = 0

    def has_given_up(self) -> bool:
        """Whether its store cannot be written. It takes no message then, also when there is room again, until it starts anew."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size == self._read_bytes:
            return False
        with self.path.open("rb") as log:
            log.seek(self._read_bytes if size > self._read_bytes else 0)
            news = log.read()
            self._read_bytes = log.tell()
        return GAVE_UP in news


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that was started and answers. Ends with this process, or by `stop`."""

    url: str
    child: Child
    log: BrokerLog

    def stop(self) -> None:
        self.child.stop()


def start_broker(data_dir: Path, host: str, port: int) -> Broker:
    """Start a broker that keeps its files in `data_dir` and speaks MQTT on `port` (0: any free one). Returns once it answers.

    Raises SetupError if the port is taken or the server does not come up.
    """
    port = claim_port(host, port, "the broker", PORT_TAKEN)
    data_dir.mkdir(parents=True, exist_ok=True)
    config, log = data_dir / "nats.conf", data_dir / "nats.log"
    config.write_text(broker_config(data_dir, host, port), encoding="utf-8")
    child = Child("broker", [str(nats_server()), "-c", str(config)], log_file=log)
    words = BrokerLog(log)
    words.has_given_up()  # what stands there of earlier starts is over
    child.start()
    try:
        _wait_until_answering(child, host, port, log)
    except SetupError:
        child.stop()
        raise
    return Broker(f"mqtt://{in_url(host, port)}", child, words)


def broker_config(data_dir: Path, host: str, port: int) -> str:
    """The configuration file. Its own protocol listens on loopback only; a message may be as large as the contract allows and some."""
    store = json.dumps(str(data_dir.resolve() / "jetstream"))
    return f"""\
server_name: ebike
listen: "127.0.0.1:-1"
max_payload: 1MB
jetstream {{ store_dir: {store}, sync_interval: "1s" }}
mqtt {{ host: {json.dumps(host)}, port: {port}, max_ack_pending: {RECEIVE_WINDOW}, ack_wait: "5s" }}
"""


def nats_server() -> Path:
    """Where the wheel put the program. Raises SetupError if it is not there."""
    path = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not path.exists():
        raise SetupError(f"nats-server is not installed at {path}. Run `make setup`, or give --broker-url a broker that runs already.")
    return path


def _wait_until_answering(child: Child, host: str, port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if child.exit_code() is not None:
            raise SetupError(f"nats-server ended with code {child.exit_code()}: {_last_line(log)}")
        with suppress(OSError):
            socket.create_connection((host, port), 1.0).close()
            return
        time.sleep(0.02)
    raise SetupError(f"nats-server did not listen on {in_url(host, port)} within {READY_WITHIN_S:.0f} s: {_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else f"see {log}"
