"""`ebike-server up` and `demo` as an engineer meets them: started, started twice, stopped, killed, and with parts that run elsewhere."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from registry_server.broker import start_broker
from registry_server.ports import free_port
from registry_server.up import is_answering

COMMAND = [sys.executable, "-m", "registry_server"]
READY_WITHIN_S = 60.0
GONE_WITHIN_S = 20.0


@contextmanager
def running_up(
    folder: Path, *more: str, port: int | None = None, broker_port: int | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    ours = ["--data-dir", str(folder), "--port", str(port)]
    brokers = [] if "--broker-url" in more else ["--broker-port", str(broker_port or free_port())]
    process = subprocess.Popen(
        [*COMMAND, "up", *ours, *brokers, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


@contextmanager
def running_demo(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*COMMAND, "demo", "--data-dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until(is_so: Callable[[], bool], within_s: float = READY_WITHIN_S) -> bool:

    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.1)
    return False


def processes_of(folder: Path) -> list[str]:
    """The command lines of every process that works for this folder, told by its environment or arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue
            if str(folder).encode() in told:
                found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found


def broker_pids(folder: Path) -> list[int]:
    config = str(folder / "broker" / "nats.conf").encode()
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and config in command_line(entry)]


def command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_second_up_on_the_same_folder_is_refused_and_names_the_first(tmp_path: Path) -> None:
    with running_up(tmp_path) as (first, url):
        assert wait_until(lambda: is_answering(f"{url}/readyz"))
        second = subprocess.run([*COMMAND, "up", "--data-dir", str(tmp_path)], capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 1
        assert f"process {first.pid}" in " ".join(second.stderr.split())
        assert is_answering(f"{url}/readyz"), "the first one goes on"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "as systemd stops it"])
def test_stopping_leaves_no_process_and_no_lock(tmp_path: Path, how: signal.Signals) -> None:
    with running_up(tmp_path) as (process, url):
        assert wait_until(lambda: is_answering(f"{url}/readyz"))
        process.send_signal(how)
        assert process.wait(GONE_WITHIN_S) == 0
        assert processes_of(tmp_path) == []
    with running_up(tmp_path) as (_, url):
        assert wait_until(lambda: is_answering(f"{url}/readyz")), "the folder can be used again"


def is_ours(pid: int) -> bool:
    """Whether Python has begun with our program: it ignores SIGPIPE from its start, and only we take its own Ctrl-C away."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    ignored, caught = (int(status[name], 16) for name in ("SigIgn", "SigCgt"))
    is_python_begun = bool(ignored >> signal.SIGPIPE - 1 & 1)
    return is_python_begun and not (caught >> signal.SIGINT - 1 & 1 and not caught >> signal.SIGTERM - 1 & 1)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "as systemd stops it"])
@pytest.mark.parametrize("begun", ["", "up.lock", "registry.sqlite", "broker/nats.log"], ids=["at once", "lock", "schema", "broker"])
def test_stopping_while_it_starts_is_quiet_and_leaves_nothing(tmp_path: Path, how: signal.Signals, begun: str) -> None:
    with running_up(tmp_path) as (process, _):
        assert wait_until(lambda: (tmp_path / begun).exists() and is_ours(process.pid))
        process.send_signal(how)
        said, _ = process.communicate(timeout=GONE_WITHIN_S)
        assert process.returncode in (0, -how)
        assert "Traceback" not in said
        assert processes_of(tmp_path) == []


def test_a_demo_that_is_stopped_while_it_is_set_up_is_quiet_and_leaves_nothing(tmp_path: Path) -> None:
    with running_demo(tmp_path) as process:
        assert wait_until((tmp_path / "registry.sqlite").exists)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=GONE_WITHIN_S)
        assert process.returncode == 0
        assert "Traceback" not in said
        assert "Injected beside found" not in said
        assert processes_of(tmp_path) == []


def test_killing_it_takes_its_children_along(tmp_path: Path) -> None:
    with running_up(tmp_path) as (process, url):
        assert wait_until(lambda: is_answering(f"{url}/readyz"))
        process.kill()
        process.wait()
        assert wait_until(lambda: processes_of(tmp_path) == [], GONE_WITHIN_S), processes_of(tmp_path)


def test_a_worker_that_dies_is_started_again(tmp_path: Path) -> None:
    def workers() -> list[int]:
        listing = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout.splitlines()
        rows = [line.split(None, 2) for line in listing]
        return [int(pid) for pid, ppid, args in rows if ppid == str(process.pid) and args.endswith("registry_server worker")]

    with running_up(tmp_path) as (process, url):
        assert wait_until(lambda: is_answering(f"{url}/readyz"))
        (first,) = workers()
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: workers() not in ([], [first]), GONE_WITHIN_S)


def test_a_broker_that_dies_is_started_again_on_its_port(tmp_path: Path) -> None:
    broker_port = free_port()
    with running_up(tmp_path, broker_port=broker_port) as (_, url):
        assert wait_until(lambda: is_answering(f"{url}/readyz"))
        (first,) = broker_pids(tmp_path)
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: broker_pids(tmp_path) not in ([first], []))
        assert wait_until(lambda: is_listening(broker_port))


def test_pages_on_a_port_that_is_taken_are_refused_and_the_port_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        refused = subprocess.run(
            [*COMMAND, "up", "--data-dir", str(tmp_path), "--port", taken, "--broker-port", "0"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert refused.returncode == 1
    assert f"127.0.0.1:{taken}" in refused.stderr.replace("\n", "")
    assert "--port" in refused.stderr


def test_a_folder_that_cannot_be_used_is_refused_in_words(tmp_path: Path) -> None:
    no_folder = tmp_path / "a-file"
    no_folder.write_text("")
    refused = subprocess.run([*COMMAND, "up", "--data-dir", str(no_folder)], capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert "cannot be used as data folder" in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running_up(tmp_path, broker_port=port) as (process, _):
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 1
            assert str(port) in said


def test_a_database_that_does_not_answer_is_named_in_one_line(tmp_path: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    with running_up(tmp_path, "--database-url", url) as (process, _):
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "database does not answer" in said
        assert "Traceback" not in said


def test_a_broker_that_is_away_at_the_start_keeps_nobody_from_the_pages(tmp_path: Path) -> None:
    broker_port = free_port()
    with running_up(tmp_path, "--broker-url", f"mqtt://127.0.0.1:{broker_port}") as (process, url):
        assert wait_until(lambda: is_answering(f"{url}/readyz"))
        broker = start_broker(tmp_path / "late-broker", "127.0.0.1", broker_port)
        try:
            time.sleep(1.0)
            assert process.poll() is None
            with urllib.request.urlopen(f"{url}/sign-in", timeout=10) as page:
                assert page.status == 200
        finally:
            broker.stop()


def test_a_postgresql_and_a_broker_that_already_run_are_used(tmp_path: Path, postgres_url: str) -> None:
    broker = start_broker(tmp_path / "their-broker", "127.0.0.1", free_port())
    try:
        with running_up(tmp_path / "ours", "--database-url", postgres_url, "--broker-url", broker.url) as (_, url):
            assert wait_until(lambda: is_answering(f"{url}/readyz"))
            assert not (tmp_path / "ours" / "registry.sqlite").exists()
    finally:
        broker.stop()


@pytest.mark.timeout(200)
def test_the_demo_ends_by_itself_with_its_table_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "demo", "--seconds", "12", "--data-dir", str(tmp_path)], capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Injected beside found" in done.stdout
    assert "lost 0, duplicated 0" in done.stdout
    assert processes_of(tmp_path) == []
