"""The whole worker on a real broker: what goes wrong around it loses nothing and counts nothing twice."""

import random
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text

from registry_server import db as db_module
from registry_server.broker import Broker, start_broker
from registry_server.clock import SystemClock
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.errors import SetupError
from registry_server.ingest import dead_letters
from registry_server.ingest.envelope import Delivery, Message, Unreadable, read
from registry_server.ingest.subscriber import Subscriber
from registry_server.processes import Child, own_command
from registry_server.sightings.models import AgentLife, AgentState, DeadLetter, DeadLetterCount, Passage, ReceivedBatch, Sighting
from registry_server.worker import run_worker
from tests.registry_server.ingest.checkpoints import City, add_licence, closed, opened
from tests.registry_server.ingest.uplink import Uplink, uplink_of

BATCHES, EVENTS = 100, 20
SHORT_S, ROUNDS = 1.0, 30


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = start_broker(tmp_path / "broker", "127.0.0.1", 0)
    yield broker
    broker.stop()


@pytest.fixture
def city(database: Database) -> City:
    return City(database).build()


@contextmanager
def worker_thread(database_url: str, broker_url: str) -> Iterator[None]:
    stop, database = threading.Event(), Database(database_url)
    settings = Settings(database_url=database_url, broker_url=broker_url)
    thread = threading.Thread(target=run_worker, args=(settings, database, SystemClock(), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        database.close()


def now_delivery(city: City, seq: int, *serials: int) -> Delivery:
    """As an agent would send it at this moment."""
    at = datetime.now(UTC)
    events = [opened(100 * seq + index, serial, first_seen_at=at) for index, serial in enumerate(serials)]
    return city.here.delivery(seq, *events, sealed_at=at)


def count(city: City, model: type[Any]) -> int:
    with city.database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


@contextmanager
def talking(city: City, broker: Broker) -> Iterator[Uplink]:
    with uplink_of(city.here, broker.url) as uplink:
        yield uplink


def test_a_batch_is_acknowledged_and_a_tag_bound_a_moment_ago_is_green(city: City, database_url: str, broker: Broker) -> None:
    with worker_thread(database_url, broker.url), talking(city, broker) as uplink:
        uplink.send_until_acknowledged({1: now_delivery(city, 1, 1)})
        with city.database.write() as session:
            add_licence(session, 50)
        time.sleep(0.5)  # the promise is less than a second
        uplink.send(now_delivery(city, 2, 50))
        assert uplink.wait_for(2)
    with city.database.read() as session:
        assert [str(one) for one in session.scalars(select(Passage.verdict).order_by(Passage.id))] == ["legal", "legal"]


def test_what_was_sent_while_no_worker_ran_is_taken_by_the_next(city: City, database_url: str, broker: Broker) -> None:
    with talking(city, broker) as uplink:
        with worker_thread(database_url, broker.url):
            uplink.send_until_acknowledged({1: now_delivery(city, 1, 1)})
        uplink.send(now_delivery(city, 2, 2))
        with worker_thread(database_url, broker.url):
            assert uplink.wait_for(1, 2)
    assert count(city, Passage) == 2


@pytest.mark.parametrize("payload", [b"EBK1 nonsense", b"EBK1" + bytes(64) + b'{"agent": "\xff"}'], ids=["nonsense", "no UTF-8"])
def test_an_unreadable_message_is_kept_and_the_next_is_taken(city: City, database_url: str, broker: Broker, payload: bytes) -> None:
    with worker_thread(database_url, broker.url), talking(city, broker) as uplink:
        uplink.send_until_acknowledged({1: now_delivery(city, 1, 1)})
        uplink.send(Delivery(now_delivery(city, 1, 1).topic, payload))
        uplink.send(city.here.status())
        uplink.send(now_delivery(city, 2, 2))
        assert uplink.wait_for(2)
    assert (count(city, DeadLetter), count(city, AgentState), count(city, Passage)) == (1, 1, 2)


def test_a_fault_of_ours_with_one_message_leaves_the_subscriber_its_ears(city: City, broker: Broker) -> None:
    def read_or_fall(delivery: Delivery) -> Message:
        if delivery.payload == b"fall":
            raise RuntimeError("a fault of ours")
        return read(delivery)

    topic = city.here.status().topic
    subscriber = Subscriber(broker.url, read=read_or_fall)
    subscriber.start()
    try:
        with talking(city, broker) as uplink:
            while not subscriber.drain(1, 1, wait_s=0.2):  # until it has subscribed
                uplink.send(Delivery(topic, b"before"))
            uplink.send(Delivery(topic, b"fall"))
            uplink.send(Delivery(topic, b"after"))
            assert any(heard.delivery.payload == b"after" for _ in range(ROUNDS) for heard in subscriber.drain(1, 1, wait_s=SHORT_S))
    finally:
        subscriber.stop()


def test_old_dead_letters_are_forgotten_and_their_number_stays(city: City, database_url: str, broker: Broker) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=31)
    with city.database.write() as session:
        dead_letters.keep(session, Unreadable(Delivery("a/topic", b"old"), "unreadable"), long_ago)
        dead_letters.keep(session, Unreadable(Delivery("a/topic", b"new"), "unreadable"), datetime.now(UTC))
    with worker_thread(database_url, broker.url), talking(city, broker) as uplink:
        uplink.send_until_acknowledged({1: now_delivery(city, 1, 1)})
        uplink.send_until_acknowledged({2: now_delivery(city, 2, 2)})  # what is due is done between two turns
    assert (count(city, DeadLetter), count(city, DeadLetterCount)) == (1, 1)


def test_a_broker_that_is_away_at_the_start_and_later_is_waited_for(city: City, database_url: str, tmp_path: Path) -> None:
    first = start_broker(tmp_path / "broker", "127.0.0.1", 0)
    port = int(first.url.rpartition(":")[2])
    first.stop()
    with worker_thread(database_url, first.url):
        for seq in (1, 2):
            broker = start_broker(tmp_path / "broker", "127.0.0.1", port)
            with talking(city, broker) as uplink:
                uplink.send_until_acknowledged({seq: now_delivery(city, seq, seq)})
            broker.stop()
    assert count(city, Passage) == 2


@contextmanager
def locked_sqlite(database_url: str) -> Iterator[None]:
    connection = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@contextmanager
def closed_postgres(database_url: str) -> Iterator[None]:
    """As during a restart: connections are cut and new ones refused."""
    name = database_url.partition("?")[0].rpartition("/")[2]
    other = Database(database_url.replace(f"/{name}", "/postgres", 1))
    with other.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name})
        try:
            yield
        finally:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    other.close()


def test_a_database_that_is_away_is_not_acknowledged_and_all_comes_again(
    city: City, database_url: str, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_module, "BUSY_MS", 200)  # an operator may wait fifteen seconds, a test not
    away = locked_sqlite if city.database.is_sqlite else closed_postgres
    with worker_thread(database_url, broker.url), talking(city, broker) as uplink:
        uplink.send_until_acknowledged({1: now_delivery(city, 1, 1)})
        city.database.close()
        with away(database_url):
            uplink.send(now_delivery(city, 2, 2))
            uplink.send(now_delivery(city, 3, 3))
            assert not uplink.wait_for(2, timeout_s=SHORT_S)
        assert uplink.wait_for(1, 2, 3)  # the agent did not have to send again
    assert (count(city, Sighting), count(city, Passage), count(city, DeadLetter)) == (3, 3, 0)


def test_a_message_that_no_database_takes_is_found_and_put_aside(city: City, database_url: str, broker: Broker) -> None:
    with worker_thread(database_url, broker.url), talking(city, broker) as uplink:
        uplink.send_until_acknowledged({1: now_delivery(city, 1, 1)})
        with city.database.write() as session:  # damage: the note of a batch without its progress
            life_id = session.scalars(select(AgentLife.id)).one()
            at = datetime.now(UTC)
            session.execute(insert(ReceivedBatch).values(life_id=life_id, seq=3, events=1, sealed_at=at, received_at=at))
        deliveries = {seq: now_delivery(city, seq, seq % 3 + 1) for seq in range(2, 8)}
        for delivery in deliveries.values():
            uplink.send(delivery)
        assert uplink.wait_for(*(set(deliveries) - {3}))
    with city.database.read() as session:
        (letter,) = session.scalars(select(DeadLetter)).all()
        assert letter.payload == deliveries[3].payload
        assert "could not be stored" in letter.reason


def test_a_second_worker_waits_for_the_place_of_the_first(city: City, database_url: str, broker: Broker) -> None:
    with talking(city, broker) as uplink, ExitStack() as second:
        with worker_thread(database_url, broker.url):
            uplink.send_until_acknowledged({1: now_delivery(city, 1, 1)})
            second.enter_context(worker_thread(database_url, broker.url))
            uplink.send(now_delivery(city, 2, 2))
            assert uplink.wait_for(2)
        uplink.send_until_acknowledged({3: now_delivery(city, 3, 3)})
    assert count(city, Passage) == 3


@pytest.mark.timeout(180)  # five starts of a program, on a machine that may be busy
def test_a_worker_killed_at_random_points_loses_nothing_and_counts_nothing_twice(
    city: City, database_url: str, broker: Broker, tmp_path: Path
) -> None:
    at = datetime.now(UTC)
    deliveries = {
        seq: city.here.delivery(
            seq,
            *(opened(number, number % 3 + 1, first_seen_at=at + timedelta(minutes=number)) for number in numbers),
            *(closed(number, last_seen_at=at + timedelta(minutes=number)) for number in numbers),
            sealed_at=at,
        )
        for seq in range(1, BATCHES + 1)
        if (numbers := range((seq - 1) * EVENTS + 1, seq * EVENTS + 1))
    }
    environment = {"EBIKE_DATABASE_URL": database_url, "EBIKE_BROKER_URL": broker.url, "EBIKE_DATA_DIR": str(tmp_path)}
    rng, done = random.Random(5), threading.Event()
    with (tmp_path / "worker.log").open("w") as screen:
        child = Child("worker", own_command("worker"), environment, stdout=screen, stderr=screen)
        child.start()

        def kill_again_and_again() -> None:
            for _ in range(4):
                if done.wait(rng.uniform(1.0, 2.5)):
                    return
                child.process.send_signal(signal.SIGKILL)
                child.process.wait()
                child.start()
            done.wait()  # a child dies with the thread that started it

        killer = threading.Thread(target=kill_again_and_again)
        killer.start()
        try:
            with uplink_of(city.here, broker.url) as uplink:
                for seq, delivery in deliveries.items():
                    uplink.send(delivery)
                    uplink.send(deliveries[rng.randint(1, seq)])
                    time.sleep(0.05)  # let them flow while the worker dies
                uplink.send_until_acknowledged(deliveries, resend_s=3.0, rounds=30)
        finally:
            done.set()
            killer.join()
            child.stop()
    with city.database.read() as session:
        numbers_stored = list(session.scalars(select(Sighting.number).order_by(Sighting.number)))
        (life,) = session.scalars(select(AgentLife)).all()
        assert (life.through, life.beyond) == (BATCHES, [])
    assert numbers_stored == list(range(1, BATCHES * EVENTS + 1))


def test_a_worker_without_a_broker_says_what_to_do(database: Database) -> None:
    with pytest.raises(SetupError, match="--broker-url"):
        run_worker(Settings(), database, SystemClock(), threading.Event())


@pytest.mark.parametrize("url", ["http://somewhere", "mqtt://", "127.0.0.1:1883"])
def test_a_broker_url_that_is_none_is_refused(database: Database, url: str) -> None:
    with pytest.raises(SetupError, match="mqtt://"):
        run_worker(Settings(broker_url=url), database, SystemClock(), threading.Event())
