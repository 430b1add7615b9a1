"""The desk's day: take a job, write the tag, report; whatever is away, keep trying and lose nothing.

What was written is in the journal before anything else happens, and the journal is emptied before the next job is taken. So a result
is reported once the registry can be reached, and no second tag is written for a job whose first is still to be reported.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from firmware_protocols.commands import GetInfo
from firmware_protocols.errors import ProtocolError
from firmware_protocols.events import Reply, Status
from plate_printer.desk_http import UNAUTHORIZED, DeskState, RegistryClient
from plate_printer.desk_journal import Journal, Report
from plate_printer.desk_reader import DeskReader
from plate_printer.desk_screen import Say, Screen
from plate_printer.errors import ReaderLost, ServerAway, ServerRefused
from plate_printer.tag_writer import Answer, Ask, Look, Prompt, write_tag
from schemas.errors import ContractError
from schemas.orders import EncodedTag, EncodingFailure, EncodingJob
from schemas.tid import Tid

POLL_S = 1.0
RETRY_S = 2.0
ALIVE_S = 10.0


class Clock(NamedTuple):
    """All that the desk knows of time."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desk works with. `open_reader` raises ReaderLost."""

    registry: RegistryClient
    open_reader: Callable[[], DeskReader]
    journal: Journal
    screen: Screen
    clock: Clock


class _JobGone(Exception):
    """An officer took the job back before anything was written."""


class Desk:
    """One officer's desk. `run` raises ServerRefused where only a person can help: a wrong token, a registry of another kind."""

    def __init__(self, around: Surroundings) -> None:
        self._registry, self._journal, self._screen, self._clock = around.registry, around.journal, around.screen, around.clock
        self._open_reader = around.open_reader
        self._reader: DeskReader | None = None
        self._taken: set[bytes] = set()  # chips that the registry said are another licence's
        self._said: tuple[DeskState, str] | None = None
        self._said_at_s = self._clock.monotonic()

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def run(self, *, once: bool = False) -> bool:
        """For ever; or, with `once`, until one tag is written and reported: then whether the registry took it."""
        while True:
            self._deliver()
            job = self._wait_for_job()
            self._screen.show(Say.JOB, **_names(job))
            try:
                report = self._encode(job)
            except _JobGone:
                self._screen.show(Say.JOB_GONE, **_names(job))
                continue
            self._journal.append(report)
            self._show(job, report)
            is_accepted = self._deliver()
            if once:
                return is_accepted and isinstance(report, EncodedTag)

    def _deliver(self) -> bool:
        """Hand in all that waits. False if the registry refused any of it."""
        is_accepted = True
        while (report := self._journal.oldest) is not None:
            try:
                self._registry.report(report)
            except ServerAway as away:
                self._show_away(away)
                self._clock.sleep(RETRY_S)
            except ServerRefused as refusal:
                if refusal.status == UNAUTHORIZED:
                    raise  # the report stays in the journal until the token is right
                self._note_refusal(report, refusal)
                is_accepted = False
            else:
                self._journal.forget_oldest()
                self._screen.show(Say.REPORTED, job=str(report.job))
        return is_accepted

    def _note_refusal(self, report: Report, refusal: ServerRefused) -> None:
        """That chip is not tried again for the same job, which the registry may well hand out once more."""
        if report.tid is not None:
            self._taken.add(report.tid)
        self._screen.show(Say.REFUSED, job=str(report.job), reason=refusal.detail)
        self._journal.put_oldest_aside(refusal.detail)

    def _wait_for_job(self) -> EncodingJob:
        while True:
            self._check_reader()
            try:
                job = self._registry.take_job()
            except ServerAway as away:
                self._show_away(away)
                self._clock.sleep(RETRY_S)
                continue
            if job is not None:
                return job
            self._screen.show(Say.NO_JOB)
            self._say_alive(DeskState.WAITING, "")
            self._clock.sleep(POLL_S)

    def _check_reader(self) -> None:
        """An idle reader that was unplugged is noticed before a job is taken, and an open one is not asked at every poll."""
        if self._reader is None or self._is_alive_due():
            self._with_reader(lambda reader: reader.ask(GetInfo()))

    def _encode(self, job: EncodingJob) -> Report:
        """The tag writer, begun again whenever the reader was lost: it finds out what is done already."""
        while True:
            try:
                result = self._write_once(job)
            except ReaderLost as lost:
                self._drop_reader(lost)
                continue
            except (ProtocolError, ContractError) as impossible:
                return EncodingFailure(job.job, "check_job", str(impossible)[:500])
            if isinstance(result, Tid):
                return EncodedTag(job.job, job.epc, result, locked=True, encoded_at=self._clock.now())
            return result

    def _write_once(self, job: EncodingJob) -> Tid | EncodingFailure:
        writing = write_tag(job, self._taken)
        is_begun = False
        try:
            ask: Ask = next(writing)
            while True:
                if isinstance(ask, Look):
                    self._tell(job, ask.prompt, is_begun=is_begun)
                else:
                    is_begun = True
                    self._screen.show(Prompt.WRITING)
                ask = writing.send(self._answer(ask))
        except StopIteration as end:
            result: Tid | EncodingFailure = end.value
            return result

    def _answer(self, ask: Ask) -> Answer:
        reader = self._get_reader()
        return reader.look() if isinstance(ask, Look) else reader.ask(ask)

    def _tell(self, job: EncodingJob, prompt: Prompt, *, is_begun: bool) -> None:
        self._screen.show(prompt)
        if not is_begun and self._is_alive_due():
            self._require_still_ours(job)
        state = DeskState.WRITING if prompt is Prompt.WRITING else DeskState.WAITING
        self._say_alive(state, f"{job.number.en}: {prompt}")

    def _require_still_ours(self, job: EncodingJob) -> None:
        """While nothing is written, the office may still take the job back. Asked again, the registry gives this job or another."""
        try:
            current = self._registry.take_job()
        except ServerAway:
            return
        if current is None or current.job != job.job:
            raise _JobGone

    def _get_reader(self) -> DeskReader:
        self._with_reader(lambda _reader: Reply("", Status.OK))
        assert self._reader is not None
        return self._reader

    def _with_reader(self, question: Callable[[DeskReader], Reply]) -> None:
        """Open the reader if need be and ask it; until it answers."""
        was_lost = False
        while True:
            try:
                if self._reader is None:
                    self._reader = self._open_reader()
                question(self._reader)
            except ReaderLost as lost:
                was_lost = True
                self._drop_reader(lost)
                self._clock.sleep(RETRY_S)
                continue
            if was_lost:
                self._screen.show(Say.READER_BACK)
            return

    def _drop_reader(self, lost: ReaderLost) -> None:
        self.close()
        self._screen.show(Say.READER_LOST, reason=str(lost))
        self._say_alive(DeskState.READER_LOST, lost.reason)

    def _is_alive_due(self) -> bool:
        return self._clock.monotonic() - self._said_at_s >= ALIVE_S

    def _say_alive(self, state: DeskState, detail: str) -> None:
        """At every change and every ten seconds. A registry that is away will hear it next time."""
        if self._said == (state, detail) and not self._is_alive_due():
            return
        self._said, self._said_at_s = (state, detail), self._clock.monotonic()
        try:
            self._registry.say_alive(state, detail)
        except ServerAway as away:
            self._show_away(away)

    def _show_away(self, away: ServerAway) -> None:
        self._screen.show(Say.SERVER_AWAY, waiting=str(len(self._journal)), reason=str(away))

    def _show(self, job: EncodingJob, report: Report) -> None:
        if isinstance(report, EncodedTag):
            self._screen.show(Say.ENCODED, **_names(job), epc=str(report.epc), tid=str(report.tid))
        else:
            self._screen.show(Say.FAILED, **_names(job), step=report.step, reason=report.reason)


def _names(job: EncodingJob) -> dict[str, str]:
    return {"job": str(job.job), "number_bn": job.number.bn, "number_en": job.number.en}
