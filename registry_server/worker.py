"""`ebike-server worker`: takes sightings from the broker, matches, flags, stores, acknowledges; and forgets what is to be forgotten."""

import gc
import threading
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from registry_server.clock import Clock
from registry_server.config import Settings
from registry_server.db import Database, fetch_rows
from registry_server.errors import SetupError
from registry_server.ingest.agents import AgentDirectory
from registry_server.ingest.forgetting import forget_batches, forget_dead_letters, forget_some, last_passage_id
from registry_server.ingest.intake import Intake
from registry_server.ingest.seat import try_seat
from registry_server.ingest.service import Ingest, Outcome
from registry_server.ingest.store import HarvestStore
from registry_server.matcher.change_watch import ChangeWatch
from registry_server.matcher.engine import Matcher
from registry_server.matcher.loading import load_tags, tags_of_licences
from registry_server.matcher.recovery import recall
from registry_server.matcher.travel import Roads, TravelLimits
from registry_server.schema import refresh_statistics
from schemas.messages import encode
from schemas.topics import Channel

log = structlog.get_logger()
POLL_S = 0.1
DIRECTORY_EVERY = timedelta(seconds=1)
FORGET_EVERY = timedelta(seconds=30)
STATISTICS_EVERY = timedelta(hours=1)
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)
CACHE_KIB = 8192  # what is looked up is in the worker's own memory
STEADY = timedelta(seconds=10)
GC_THRESHOLDS = (50_000, 20, 50)
"""A transaction makes some ten thousand objects that die with it: looking for cycles among them every 700 cost a fifth of the time."""


def run_worker(settings: Settings, database: Database, clock: Clock, stop: threading.Event) -> None:
    """Work until told to stop. A database or broker that is away, now or later, is waited for.

    Raises SetupError for what only a person can mend.
    """
    if not settings.broker_url:
        raise SetupError("the worker needs a broker: give --broker-url mqtt://HOST:1883, or start everything with `ebike-server up`")
    failures = 0
    with Intake(settings.broker_url) as intake:
        while not stop.is_set():
            began_at = clock.now()
            try:
                _work(settings, database, clock, stop, intake)
            except SetupError:
                raise
            except Exception as error:
                if is_outage(error):
                    log.warning("the database is away; nothing of this was acknowledged, it is tried again", reason=_reason(error))
                else:
                    log.exception("a transaction failed; nothing of it was acknowledged, it is tried again", error=repr(error))
                    intake.blame(error)
                failures = failures + 1 if clock.now() - began_at < STEADY else 1
                stop.wait(RETRY_S[min(failures, len(RETRY_S)) - 1])


def is_outage(error: Exception) -> bool:
    """Whether the fault is the database's being away, full or locked, and not the message's."""
    return any(kind.__name__ in {"OperationalError", "InterfaceError"} for kind in type(error).__mro__)  # SQLAlchemy's and both drivers'


def _reason(error: Exception) -> str:
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)


def _work(settings: Settings, database: Database, clock: Clock, stop: threading.Event, intake: Intake) -> None:
    with try_seat(database) as is_ours:
        if not is_ours:
            intake.close()
            log.info("another worker is at work on this database; waiting for its place")
            stop.wait(1.0)
            return
        began_at = clock.now()
        worker = Worker(settings, database, clock)
        intake.open()
        log.info("worker ready", tags=len(worker.matcher.tags), took_s=round((clock.now() - began_at).total_seconds(), 2))
        while not stop.is_set():
            worker.serve(intake)


class Worker:
    """Everything that is held between two transactions. Thrown away when one fails."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings, self._database, self._clock = settings, database, clock
        self._directory = AgentDirectory()
        now = clock.now()
        with database.read() as session:
            self._directory.reload(session)
            self._watch = ChangeWatch.begin(session, now)
            roads = Roads(self._directory.places, TravelLimits())
            self.matcher = Matcher(load_tags(session), roads, last_passage_id=last_passage_id(session))
            recall(session, self.matcher, now)
            ((last_flag_id,),) = fetch_rows(session, "SELECT coalesce(max(id), 0) FROM flag")
        self._ingest = Ingest(self.matcher, HarvestStore(last_flag_id=last_flag_id, laws=self._directory.laws), self._directory)
        self._polled_at = self._reloaded_at = now
        self._forgot_at = now - FORGET_EVERY
        self._looked_at = now
        gc.freeze()  # the memory lives as long as the process: no need to look through it again and again
        gc.set_threshold(*GC_THRESHOLDS)

    def serve(self, intake: Intake) -> None:
        """One turn: what has come, then what is due."""
        messages = intake.next(POLL_S)
        if messages:
            with self._database.write() as session:
                outcome = self._ingest.take(session, messages, self._clock.now(), intake.condemned)
            for address, ack in outcome.acks:
                intake.publish(address.topic(Channel.ACK), encode(ack))
            intake.stored()
            _tell(outcome)
        self._look_after(self._clock.now())

    def _look_after(self, now: datetime) -> None:
        if now - self._polled_at >= timedelta(seconds=POLL_S):
            self._polled_at = now
            self._follow(now)
        if now - self._forgot_at >= FORGET_EVERY:
            self._forget(now)
        if now - self._looked_at >= STATISTICS_EVERY:
            self._looked_at = now
            refresh_statistics(self._database)

    def _follow(self, now: datetime) -> None:
        """Learn what officers changed."""
        with self._database.read() as session:
            changed = self._watch.poll(session, now)
            if changed:
                self.matcher.tags.put_all(tags_of_licences(session, changed))
            if now - self._reloaded_at >= DIRECTORY_EVERY:
                self._reloaded_at = now
                self._directory.reload(session)
                self.matcher.roads.forget()

    def _forget(self, now: datetime) -> None:
        """A chunk at a time, so that nobody waits for it; when all is done, again after a while."""
        before = now - self._settings.sightings_kept
        with self._database.write() as session:
            is_done = forget_some(session, before, now) + forget_dead_letters(session, now) == 0
            if is_done:
                forget_batches(session, before)
                self._forgot_at = now


def _tell(outcome: Outcome) -> None:
    for refused in outcome.refused:
        log.warning("message refused, kept as a dead letter", topic=refused.delivery.topic, reason=refused.reason)
    log.debug("taken", sightings=outcome.sightings, passages=outcome.passages, flags=outcome.flags, repeated=outcome.repeated)
