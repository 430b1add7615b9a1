"""The broker that `up` starts, where its disk is full."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from registry_server.broker import Broker, BrokerLog, start_broker
from registry_server.up import Watched

TOPIC = "ebike/v1/kcc/pti-more/pti-more-1/sightings"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def broker(small_disk: Path) -> Iterator[Broker]:
    broker = start_broker(small_disk, "127.0.0.1", 0)
    yield broker
    broker.stop()


def takes(broker: Broker, payload: bytes) -> bool:
    """Whether the broker receipts a message that somebody is to have."""
    parts = urlsplit(broker.url)
    client = Client(CallbackAPIVersion.VERSION2, client_id="subscriber", clean_session=False)
    try:
        client.connect(str(parts.hostname), int(parts.port or 0))
    except OSError:
        return False
    client.loop_start()
    try:
        client.subscribe(TOPIC, 1)
        sent = client.publish(TOPIC, payload, qos=1)
        sent.wait_for_publish(2.0)
        return sent.is_published()
    except RuntimeError:  # paho's word for a connection that has gone
        return False
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_broker_whose_disk_was_full_works_again_when_there_is_room(broker: Broker, small_disk: Path) -> None:
    """By itself nats-server refuses everything for good: its store keeps the first fault in mind."""
    (small_disk / "filler").write_bytes(bytes(3 << 20))
    assert any(not takes(broker, bytes(200_000)) for _ in range(10))
    (small_disk / "filler").unlink()
    watched = Watched(broker.child, broker.log.has_given_up, started_at_s=time.monotonic())
    for _ in range(60):
        watched.look_after(time.monotonic())
        if takes(broker, b"small"):
            break
        time.sleep(0.2)
    else:
        raise AssertionError("the broker takes nothing any more")


def test_only_new_words_count(tmp_path: Path) -> None:
    path = tmp_path / "nats.log"
    words = BrokerLog(path)
    assert not words.has_given_up()
    path.write_text("[INF] Server is ready\n")
    assert not words.has_given_up()
    with path.open("a") as log:
        log.write("[ERR] JetStream failed to store a msg on stream '$G > $MQTT_msgs': write 40.blk: no space left on device\n")
    assert [words.has_given_up(), words.has_given_up()] == [True, False]
    path.write_text("[INF] begun anew\n")
    assert not words.has_given_up()
