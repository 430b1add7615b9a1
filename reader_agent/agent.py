"""Wires the agent: readers' threads → queue → gate → spool → uplink. The gate runs in the thread that calls `run`."""

import secrets
from dataclasses import dataclass
from functools import partial
from itertools import count
from queue import Empty, Queue

import structlog

from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import Direction
from firmware_protocols.events import TagSeen
from reader_agent.broker_trust import tls_context
from reader_agent.clock import Clock, Moment
from reader_agent.config import AgentConfig, ReaderConfig
from reader_agent.door_rules import visit_for
from reader_agent.errors import AgentError, SpoolFull
from reader_agent.gate.gate import Gate
from reader_agent.gate.lanes import LaneMap, Unplaced
from reader_agent.gate.window import WindowLimits
from reader_agent.health import EVERY_S, StatusWriter, find_clock_offset_ms
from reader_agent.links.open_link import open_link
from reader_agent.mqtt_uplink import MqttUplink, UplinkIdentity
from reader_agent.readers.session import Codecs, Ears, ReaderSetup
from reader_agent.readers.supervisor import ReaderPlan, ReaderSupervisor
from reader_agent.spool.spool import Spool
from schemas.identifiers import BootId, ReaderId
from schemas.messages import SightingBatch, SightingEvent, SightingOpened, encode, seal
from schemas.signing import Signer, signer_for

QUEUE_LENGTH = 20_000  # reads that wait while the disk writes; then the readers' threads wait, and their serial lines buffer
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Heard:
    reader: ReaderId
    seen: TagSeen
    at: Moment


@dataclass(frozen=True, slots=True)
class _TidRead:
    reader: ReaderId
    epc: bytes
    tid: bytes


class UplinkEnded(AgentError):
    """The uplink's thread has died of a fault; what it had to send is on the disk."""


class Agent:
    """One life of the agent."""

    def __init__(self, config: AgentConfig, key: bytes, clock: Clock) -> None:
        """Opens the spool. Raises SpoolHeld, FolderWrong, CertificateWrong."""
        self._config, self._clock = config, clock
        if config.broker.address.has_tls:
            tls_context(config.broker)  # wrong files are said now, not in the log of the first connection
        self._sign: Signer = signer_for(key)
        self._boot = BootId(secrets.token_hex(8))
        stamp = clock.now().utc.strftime("%Y%m%dT%H%M%SZ")
        self._spool = Spool(config.data_dir, self._boot, capacity_bytes=config.spool.max_mb << 20, stamp=stamp)
        self._status = StatusWriter(config.agent, self._boot, self._spool)
        self._uplink = MqttUplink(config.broker, self._identity(), self._spool, clock)
        self._queue: Queue[_Heard | _TidRead] = Queue(QUEUE_LENGTH)
        self._readers = {reader.name: self._supervise(reader) for reader in config.readers}
        limits = WindowLimits(silence_s=config.window.silence_s, max_s=config.window.max_s)
        lanes = LaneMap({reader.name: reader.antennas for reader in config.readers})
        self._gate = Gate(lanes, limits, partial(next, count(1)))
        self._lost_unspooled = 0
        self._unplaced: set[Unplaced] = set()
        self._told: tuple[object, ...] = ()
        self._told_s = 0.0
        self._told_lost, self._tells_lost_again_s = 0, 0.0
        self._is_stopping = False

    def ask_to_stop(self) -> None:
        """Only sets a mark, so that a signal handler may call it."""
        self._is_stopping = True

    def run(self) -> None:
        """Work until asked to stop, then close what is open, keep it, and say goodbye."""
        self._tell_start()
        self._uplink.start()
        for reader in self._readers.values():
            reader.start()
        try:
            while not self._is_stopping:
                self._turn()
        finally:
            self._end()

    def _turn(self) -> None:
        now_s = self._clock.now().monotonic_s
        self._take(max(self._gate.next_due_s() - now_s, 0.0))
        now = self._clock.now()
        self._keep(self._gate.take_due(now.monotonic_s), now)
        self._tell_status(now)
        if not self._uplink.is_alive():
            raise UplinkEnded("the uplink has ended; nothing is lost, start the agent again")

    def _take(self, timeout_s: float) -> None:
        """What the readers have heard: wait for the first, and take with it what has come by then."""
        try:
            self._hear(self._queue.get(timeout=timeout_s) if timeout_s else self._queue.get_nowait())
            for _ in range(self._queue.qsize()):
                self._hear(self._queue.get_nowait())
        except Empty:
            pass

    def _hear(self, heard: _Heard | _TidRead) -> None:
        if isinstance(heard, _TidRead):
            self._gate.note_tid(heard.reader, heard.epc, heard.tid, self._clock.now())
            return
        result = self._gate.hear(heard.reader, heard.seen, heard.at)
        if isinstance(result, Unplaced):
            self._tell_unplaced(result)
        elif result is not None and result.tid is None:
            self._readers[heard.reader].want_tid(heard.seen.epc)

    def _keep(self, events: list[SightingEvent], now: Moment) -> None:
        """Seal the events into a batch, put it on the disk, and only then let it be sent."""
        if not events:
            return
        sightings = sum(isinstance(event, SightingOpened) for event in events)
        try:
            self._spool.append(lambda seq: self._seal(seq, events, now), sightings)
        except SpoolFull as error:
            self._lost_unspooled += sightings
            self._tell_lost(str(error), now)
        else:
            self._uplink.wake()

    def _seal(self, seq: int, events: list[SightingEvent], now: Moment) -> bytes:
        address = self._config.address
        batch = SightingBatch(
            authority=address.authority,
            checkpoint=address.checkpoint,
            agent=address.agent,
            boot=self._boot,
            seq=seq,
            sealed_at=now.utc,
            events=events,
            clock_offset_ms=find_clock_offset_ms(),
        )
        return seal(batch, self._sign)

    def _tell_status(self, now: Moment) -> None:
        """A status each ten seconds, and at once when a reader's state changes."""
        states = tuple(reader.state for reader in self._readers.values())
        if states == self._told and now.monotonic_s - self._told_s < EVERY_S:
            return
        self._told, self._told_s = states, now.monotonic_s
        readers = [reader.status(self._gate.unplaced_reads[name]) for name, reader in self._readers.items()]
        status = self._status.online(readers, self._lost_unspooled, now.utc)
        self._uplink.publish_status(encode(status))

    def _tell_unplaced(self, read: Unplaced) -> None:
        if read not in self._unplaced:
            self._unplaced.add(read)
            log.warning("read_outside_lanes", reader=read.reader, reason=read.reason)

    def _tell_lost(self, reason: str, now: Moment) -> None:
        """Not for each batch: the log is often on the disk that is full."""
        if self._lost_unspooled == self._told_lost or now.monotonic_s < self._tells_lost_again_s:
            return
        log.error("sightings_lost", sightings=self._lost_unspooled - self._told_lost, since_start=self._lost_unspooled, reason=reason)
        self._told_lost, self._tells_lost_again_s = self._lost_unspooled, now.monotonic_s + EVERY_S

    def _tell_start(self) -> None:
        log.info("agent_started", agent=self._config.agent, boot=self._boot, spooled=len(self._spool))
        damage = self._spool.damage
        if damage:
            log.error("spool_was_damaged", set_aside=str(damage.set_aside), rescued=damage.rescued, reason=damage.reason)
        if self._spool.quarantined:
            log.error("batches_in_quarantine", batches=self._spool.quarantined, reason="their bytes changed on the disk; replace it")

    def _end(self) -> None:
        for reader in self._readers.values():
            reader.stop()
        while any(reader.is_alive() for reader in self._readers.values()):
            self._take(0.05)  # a reader's thread may be waiting for room in the queue
        try:
            self._take(0.0)
            now = self._clock.now()
            while events := self._gate.take_last():
                self._keep(events, now)
            self._uplink.stop(encode(self._status.offline(now.utc)))
        finally:
            self._spool.close()
        log.info("agent_stopped", boot=self._boot, lost_unspooled=self._lost_unspooled)

    def _identity(self) -> UplinkIdentity:
        last_will = encode(self._status.offline(self._clock.now().utc))
        return UplinkIdentity(self._config.address, self._boot, last_will)

    def _supervise(self, reader: ReaderConfig) -> ReaderSupervisor:
        new_codec = partial(codec_for, reader.family, address=reader.address, antenna_ports=reader.antenna_ports, options=reader.options)
        facts = new_codec().facts
        plan = ReaderPlan(
            name=reader.name,
            open_link=partial(open_link, reader.link, facts.default_baud, visit_for(reader.link, reader.wishes)),
            new_codecs=lambda: Codecs(new_codec(), new_codec(direction=Direction.TO_READER)),
            setup=ReaderSetup(
                ports=tuple(reader.antennas),
                region=reader.region,
                power_dbm=reader.power_dbm,
                has_to_read_tid=reader.read_tid and not facts.reads_tid_in_inventory,
            ),
            lost_after_s=reader.lost_after_s,
        )
        ears = Ears(
            tag_seen=lambda seen, at: self._queue.put(_Heard(reader.name, seen, at)),
            tid_read=lambda epc, tid: self._queue.put(_TidRead(reader.name, epc, tid)),
        )
        return ReaderSupervisor(plan, ears, self._clock)
