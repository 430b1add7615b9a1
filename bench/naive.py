"""The naive design, written as many would: one JSON message a read, one ORM query and one commit a read, PUBACK after it."""

import json
import threading
import time
from datetime import datetime

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import LargeBinary, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from registry_server.db import UtcDateTime
from registry_server.epc_allocation.models import EpcAllocation
from registry_server.licences.models import Licence

TOPIC = "naive/sightings"


class NaiveBase(DeclarativeBase):
    pass


class NaiveSighting(NaiveBase):
    __tablename__ = "naive_sighting"

    id: Mapped[int] = mapped_column(primary_key=True)
    epc: Mapped[bytes] = mapped_column(LargeBinary)
    checkpoint: Mapped[str] = mapped_column(String(40))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    licence_id: Mapped[int | None]
    verdict: Mapped[str] = mapped_column(String(10))


def message(epc: bytes, checkpoint: str, at: datetime) -> bytes:
    return json.dumps({"epc": epc.hex(), "checkpoint": checkpoint, "seen_at": at.isoformat(), "rssi": -51.5}).encode()


def prepare(database_url: str) -> None:
    """The naive table; and SQLite as it comes, with a rollback journal. The product sets its own mode when it connects."""
    engine = create_engine(database_url)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    NaiveBase.metadata.create_all(engine)
    engine.dispose()


def work(database_url: str, host: str, port: int, ready: threading.Event) -> float:
    """Take messages until none has come for a second. Reads stored a second, from the first to the last."""
    engine = create_engine(database_url)  # as it comes: SQLite with its defaults, one connection
    times: list[float] = []

    def on_message(client: Client, _data: object, raw: MQTTMessage) -> None:
        read = json.loads(raw.payload)
        epc = bytes.fromhex(read["epc"])
        with Session(engine) as session:
            licence = session.scalars(
                select(Licence).join(EpcAllocation, EpcAllocation.licence_id == Licence.id).where(EpcAllocation.epc == epc)
            ).one_or_none()
            seen_at = datetime.fromisoformat(read["seen_at"])
            is_legal = licence is not None and licence.state == "active" and licence.valid_until >= seen_at.date()
            session.add(
                NaiveSighting(
                    epc=epc,
                    checkpoint=read["checkpoint"],
                    seen_at=seen_at,
                    licence_id=licence.id if licence else None,
                    verdict="legal" if is_legal else "flagged",
                )
            )
            session.commit()
        client.ack(raw.mid, raw.qos)
        times.append(time.perf_counter())

    client = Client(CallbackAPIVersion.VERSION2, client_id="naive", manual_ack=True)
    client.on_message = on_message
    client.on_connect = lambda *_: (client.subscribe(TOPIC, 1), None)[1]
    client.on_subscribe = lambda *_: ready.set()
    client.connect(host, port)
    while not times or time.perf_counter() - times[-1] < 1.0:
        client.loop(0.1)
    client.disconnect()
    engine.dispose()
    return (len(times) - 1) / (times[-1] - times[0])
