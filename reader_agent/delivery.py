"""Which batches are on their way, when to send them again, and which to give up for now. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reader_agent.spool.spool import SpooledBatch
from reader_agent.spool.table import MAX_ID
from schemas.identifiers import BootId
from schemas.messages import Ack

MAX_PATIENCE_S = 120.0
MOST_TIMES = 3  # a message may be lost once, and a registry may be slow once
TRIAL_SHARE = 20  # of the window, for what was given up
MAX_TRIAL_S = 600.0
_GOLDEN = 0.6180339887498949  # its multiples fall evenly and never twice in the same place
_Key = tuple[BootId, int]


class Stretch(NamedTuple):
    """What may be sent now: so many of the batches after `after_id`, up to and with `through_id`."""

    after_id: int
    through_id: int
    room: int


class _Sent(NamedTuple):
    id: int
    turn: int
    at_s: float


@dataclass(slots=True)
class Delivery:
    """Batches leave in order, at most `in_flight` unconfirmed; without any confirmation for `resend_s` all of those go again,
    oldest first, and each time in vain the wait doubles. One that stays unconfirmed while later ones are confirmed goes
    again too. What was sent MOST_TIMES in vain is given up (`review`), so that it does not keep the place of others; and
    from the first time in vain on, a quarter of the places is for batches made since the connection began and never sent
    yet: they do not wait for old ones.
    """

    in_flight: int
    resend_s: float
    _place: int = 0
    _fresh_place: int = 0
    _old_through: int = MAX_ID
    _known_id: int = 0
    _turn: int = 0
    _confirmed_turn: int = 0
    _patience_s: float = 0.0
    _waiting_since_s: float = 0.0
    _on_way: dict[_Key, _Sent] = field(default_factory=dict)
    _vain_times: dict[_Key, int] = field(default_factory=dict)

    def begin(self, newest_id: int) -> None:
        """A new connection: nothing that went over the old one is taken as received."""
        has_trouble = bool(self._vain_times) or (bool(self._on_way) and not self._confirmed_turn)
        self._on_way.clear()
        self._patience_s, self._confirmed_turn = self.resend_s, 0
        self._known_id = newest_id
        self._place, self._old_through, self._fresh_place = 0, MAX_ID, MAX_ID
        if has_trouble:
            self.start_over()

    def start_over(self) -> None:
        """The oldest is next; what has never been sent yet has places of its own."""
        self._place, self._old_through, self._fresh_place = 0, self._known_id, self._known_id

    def stretch(self, *, of_fresh: bool) -> Stretch:
        """What is on its way already may be in it (`is_on_way`)."""
        room = self.in_flight - len(self._on_way)
        if of_fresh:
            return Stretch(self._fresh_place, MAX_ID, room)
        places_kept = max(self.in_flight // 4, 1) if self._old_through < MAX_ID else 0
        old_on_way = sum(sent.id <= self._old_through for sent in self._on_way.values())
        return Stretch(self._place, self._old_through, min(room, max(self.in_flight - places_kept, 1) - old_on_way))

    def is_on_way(self, batch: SpooledBatch) -> bool:
        return (batch.boot, batch.seq) in self._on_way

    def pass_by(self, batch: SpooledBatch) -> None:
        """The next to be sent is the one after it."""
        if batch.id <= self._old_through:
            self._place = batch.id
        else:
            self._fresh_place = batch.id

    def note_sent(self, batch: SpooledBatch, now_s: float) -> None:
        if not self._on_way:
            self._waiting_since_s = now_s
        self.pass_by(batch)
        self._known_id = max(self._known_id, batch.id)
        self._turn += 1
        self._on_way[batch.boot, batch.seq] = _Sent(batch.id, self._turn, now_s)

    def note_confirmed(self, ack: Ack, now_s: float) -> bool:
        """Whether this ends a silence: something was sent again in vain before, and now the registry speaks."""
        for key in _covered(ack, self._vain_times):
            del self._vain_times[key]
        confirmed = [self._on_way.pop(key) for key in _covered(ack, self._on_way)]
        if not confirmed:
            return False
        was_silent = self._patience_s > self.resend_s
        self._confirmed_turn = max(self._confirmed_turn, *(sent.turn for sent in confirmed))
        self._patience_s, self._waiting_since_s = self.resend_s, now_s
        return was_silent

    def due_in_s(self, now_s: float) -> float | None:
        """Seconds until `review` has something to say; None when nothing is on its way."""
        if not self._on_way:
            return None
        overtaken_s = [sent.at_s + self.resend_s for sent in self._on_way.values() if sent.turn < self._confirmed_turn]
        return max(min([self._waiting_since_s + self._patience_s, *overtaken_s]) - now_s, 0.0)

    def review(self, now_s: float) -> list[int] | None:
        """None while there is hope. Else what was in vain is to be sent again, but for the ids that this gives: they are given up."""
        if self.due_in_s(now_s) != 0.0:
            return None
        is_silent = now_s >= self._waiting_since_s + self._patience_s
        vain = {key: sent.id for key, sent in self._on_way.items() if is_silent or self._is_overtaken(sent, now_s)}
        if is_silent:
            self._patience_s = min(self._patience_s * 2, MAX_PATIENCE_S)
        for key in vain:
            del self._on_way[key]
            self._vain_times[key] = self._vain_times.get(key, 0) + 1
        given_up = [key for key in vain if self._vain_times[key] >= MOST_TIMES]
        for key in given_up:
            del self._vain_times[key]
        self.start_over()
        return [vain[key] for key in given_up]

    def _is_overtaken(self, sent: _Sent, now_s: float) -> bool:
        return sent.turn < self._confirmed_turn and now_s >= sent.at_s + self.resend_s


@dataclass(slots=True)
class Trials:
    """When to try again what was given up, and what of it: seldom, less often each time, and each time something else."""

    in_flight: int
    first_s: float
    _turn: int = 0
    _due_s: float = 0.0
    _wait_s: float = 0.0

    def reset(self) -> None:
        """Something has been confirmed after all: what is given up from now on is another matter."""
        self._wait_s = 0.0

    def hurry(self, now_s: float) -> None:
        """Something was just given up, or the registry is back: the next trial is soon, those after it as seldom as before."""
        self._due_s = min(self._due_s, now_s + self.first_s)

    def due_in_s(self, now_s: float) -> float:
        return max(self._due_s - now_s, 0.0)

    def take(self, lives: Sequence[tuple[BootId, int]], now_s: float) -> list[tuple[BootId, int]]:
        """Of lives with so many batches given up: which life's how-manieth (from 0) to try now. Lives come round in turn: what
        is wrong is mostly the name or the key under which a whole life was sealed.
        """
        share = min(max(self.in_flight // TRIAL_SHARE, 1), len(lives))
        first = self._turn * share
        chosen = [lives[(first + number) % len(lives)] for number in range(share)]
        place = self._turn * _GOLDEN % 1
        self._turn += 1
        self._wait_s = min(max(self._wait_s * 2, self.first_s), MAX_TRIAL_S)
        self._due_s = now_s + self._wait_s
        return [(boot, int(place * count)) for boot, count in chosen]

    @property
    def wait_s(self) -> float:
        return self._wait_s


def _covered(ack: Ack, keys: Iterable[_Key]) -> list[_Key]:
    beyond = set(ack.beyond)
    return [(boot, seq) for boot, seq in keys if boot == ack.boot and (seq <= ack.through or seq in beyond)]


def merge_acks(acks: Iterable[Ack]) -> list[Ack]:
    """One ack per life that covers what all of them cover, so that one write to disk does for many."""
    merged: dict[BootId, Ack] = {}
    for ack in acks:
        other = merged.get(ack.boot, Ack(ack.boot, 0))
        merged[ack.boot] = Ack(ack.boot, max(ack.through, other.through), sorted({*ack.beyond, *other.beyond}))
    return list(merged.values())
