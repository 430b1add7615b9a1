"""Keeps one reader's conversation going: opens the line, says how it is, and opens it again for as long as it takes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Thread

import structlog

from reader_agent.clock import Clock
from reader_agent.errors import LinkLost, PortHeld, ReaderRefused
from reader_agent.links.link import OpenLink
from reader_agent.readers.complaints import Complaint
from reader_agent.readers.session import Codecs, Counters, Ears, ReaderSetup, Session
from reader_agent.readers.tid_reading import WantedTids
from schemas.identifiers import ReaderId
from schemas.messages import ReaderState, ReaderStatus

FIRST_DELAY_S = 0.5
MAX_LOST_DELAY_S = 5.0  # a cable is put back by hand: whoever does it looks at the screen
MAX_REFUSED_DELAY_S = 15.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReaderPlan:
    """All that is needed to talk to one reader."""

    name: ReaderId
    open_link: OpenLink
    new_codecs: Callable[[], Codecs]
    setup: ReaderSetup
    lost_after_s: float | None = None
    """Of a reader that cannot be asked: after so long without a word it counts as lost, though its line stands."""


class ReaderSupervisor:
    """A thread for one reader. `state` and `status` may be read from any thread."""

    def __init__(self, plan: ReaderPlan, ears: Ears, clock: Clock) -> None:
        self._plan, self._ears, self._clock = plan, replace(ears, complained=self._hear_complaint), clock
        self._counters = Counters()
        self._wanted = WantedTids()
        self._stop = Event()
        self._delay_s = FIRST_DELAY_S
        self._thread = Thread(target=self._run, name=f"reader {plan.name}", daemon=True)  # must not outlive an agent that fell
        self._state: tuple[ReaderState, str] = (ReaderState.CONNECTING, "")
        self._logged = self._state
        self._running_since_s = 0.0

    @property
    def state(self) -> tuple[ReaderState, str]:
        """And the reason, in words."""
        after_s = self._plan.lost_after_s
        if after_s is None or self._state[0] is not ReaderState.RUNNING or self._silent_s() < after_s:
            return self._state
        return ReaderState.LOST, f"nothing for more than {after_s:g} s; is the reader on, and does it still send to us?"

    def _silent_s(self) -> float:
        heard = self._counters.last_frame
        return self._clock.now().monotonic_s - max(heard.monotonic_s if heard else 0.0, self._running_since_s)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; `is_alive` says when it has."""
        self._stop.set()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def want_tid(self, epc: bytes) -> None:
        """A tag has come whose TID is not known yet. It will be read if there is time for it."""
        if self._plan.setup.has_to_read_tid:
            self._wanted.ask_for(epc, self._clock.now().monotonic_s)

    def status(self, unplaced_reads: int = 0) -> ReaderStatus:
        self._log_change()
        (state, detail), counters = self.state, self._counters
        return ReaderStatus(
            reader=self._plan.name,
            state=state,
            detail=detail,
            model=counters.model,
            reads=counters.reads,
            frame_errors=counters.frame_errors,
            last_frame_at=counters.last_frame.utc if counters.last_frame else None,
            unplaced_reads=unplaced_reads,
        )

    def _run(self) -> None:
        while not self._stop.is_set():
            cap_s = self._converse()
            self._stop.wait(self._delay_s)
            self._delay_s = min(self._delay_s * 2, cap_s)

    def _converse(self) -> float:
        """One conversation, to its end. Gives the longest wait before the next."""
        try:
            self._hold_session()
        except LinkLost as error:
            self._enter(ReaderState.LOST, str(error))
        except (PortHeld, ReaderRefused) as error:
            self._enter(ReaderState.REFUSED, str(error))
            return MAX_REFUSED_DELAY_S
        except Exception as error:
            # The one broad except of the agent: a fault of ours with one reader must not end the others.
            log.exception("reader_fault", reader=self._plan.name)
            self._enter(ReaderState.LOST, f"a fault of this program: {error!r}")
        return MAX_LOST_DELAY_S

    def _hold_session(self) -> None:
        link = self._plan.open_link()
        try:
            session = Session(link, self._plan.new_codecs(), self._ears, self._counters, self._clock)
            session.prepare(self._plan.setup)
            self._running_since_s = self._clock.now().monotonic_s
            self._enter(ReaderState.RUNNING, "")
            self._delay_s = FIRST_DELAY_S
            session.listen(self._plan.setup, self._wanted, self._stop)
        finally:
            link.close()

    def _hear_complaint(self, complaint: Complaint) -> None:
        self._enter(ReaderState.RUNNING if complaint.is_working else ReaderState.REFUSED, complaint.says)

    def _enter(self, state: ReaderState, detail: str) -> None:
        self._state = (state, detail)
        self._log_change()

    def _log_change(self) -> None:
        """A silence that is too long shows only when somebody looks: the status does, each time."""
        now = state, detail = self.state
        if now != self._logged:
            self._logged = now
            log.info("reader_state", reader=self._plan.name, state=state, detail=detail)
