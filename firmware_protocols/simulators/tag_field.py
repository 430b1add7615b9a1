"""What the antennas could hear: tags that come, grow loud, fade and go; that miss a round, and talk over each other."""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf, pi, sin
from random import Random

from firmware_protocols.simulators.simulated_tag import SimulatedTag

FADE_DB = 22.0  # how much weaker a tag is at the edge of the beam than in its middle
JITTER_DB = 1.5
FLOOR_DBM = -85.0  # below this no reader hears a tag


@dataclass(frozen=True, slots=True)
class RadioConditions:
    """How bad the air is."""

    miss_rate: float = 0.05
    """Share of rounds in which a tag in the middle of the beam is not heard; more at the edge."""
    has_collisions: bool = True
    """Two tags in one slot of a round are both lost for that round."""


NORMAL_AIR = RadioConditions()
CLEAN_AIR = RadioConditions(miss_rate=0.0, has_collisions=False)


@dataclass(eq=False, slots=True)
class Presence:
    """One tag's stay before one antenna."""

    tag: SimulatedTag
    enters_s: float
    leaves_s: float
    antenna: int
    peak_rssi_dbm: float
    has_answered: bool = False

    def strength_dbm(self, now_s: float) -> float:
        """Peak in the middle of the stay, fading to both ends; a tag that stays for good is steady."""
        if self.leaves_s == inf:
            return self.peak_rssi_dbm
        way = (now_s - self.enters_s) / max(self.leaves_s - self.enters_s, 1e-9)
        return self.peak_rssi_dbm - FADE_DB * (1 - sin(pi * min(max(way, 0.0), 1.0)))


@dataclass(frozen=True, slots=True)
class Answer:
    """One tag heard in one round."""

    presence: Presence
    rssi_dbm: float

    @property
    def tag(self) -> SimulatedTag:
        return self.presence.tag


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """The first intact report of an entered tag that was put on the line: what latency is measured from."""

    epc: bytes
    tid: bytes
    now_s: float


class TagField:
    """All tags around one reader. Time is whatever the caller's clock says, in seconds; it must not run backwards."""

    def __init__(self, rng: Random, conditions: RadioConditions = NORMAL_AIR) -> None:
        self._rng, self._conditions = rng, conditions
        self._coming: list[tuple[float, int, Presence]] = []  # a heap; the number keeps stays of one time apart
        self._here: list[Presence] = []
        self._numbers = count()
        self._first_answers: list[FirstAnswer] = []

    def enter(self, tag: SimulatedTag, *, enters_s: float, leaves_s: float = inf, antenna: int = 1, peak_rssi_dbm: float = -50.0) -> None:
        """The tag is before that antenna from one time to the other. It may enter again, and before several antennas."""
        heappush(self._coming, (enters_s, next(self._numbers), Presence(tag, enters_s, leaves_s, antenna, peak_rssi_dbm)))

    def remove(self, tid: bytes) -> bool:
        """Take the chip away, wherever it is or would come. False if it is not known."""
        before = len(self._coming) + len(self._here)
        self._coming = [entry for entry in self._coming if entry[2].tag.tid != tid]
        heapify(self._coming)
        self._here = [stay for stay in self._here if stay.tag.tid != tid]
        return len(self._coming) + len(self._here) < before

    def present(self, now_s: float, antenna: int) -> list[Presence]:
        """Who is before the antenna, heard or not."""
        self._let_pass(now_s)
        return [stay for stay in self._here if stay.antenna == antenna and stay.enters_s <= now_s and not stay.tag.is_killed]

    def run_round(self, now_s: float, antenna: int) -> list[Answer]:
        """Who is heard in one inventory round."""
        heard = [answer for stay in self.present(now_s, antenna) if (answer := self._hear(stay, now_s)) is not None]
        return self._without_collisions(heard) if self._conditions.has_collisions and len(heard) > 1 else heard

    def pick(self, now_s: float, antenna: int, is_meant: Callable[[SimulatedTag], bool]) -> Answer | None:
        """The tag that an access command reaches: one by chance of those that are meant. None if there is none."""
        meant = [stay for stay in self.present(now_s, antenna) if is_meant(stay.tag)]
        if not meant:
            return None
        stay = self._rng.choice(meant)
        return Answer(stay, stay.strength_dbm(now_s))

    def note_reported(self, presence: Presence, now_s: float) -> None:
        """The reader has put an intact report of this stay on the line."""
        if not presence.has_answered:
            presence.has_answered = True
            self._first_answers.append(FirstAnswer(presence.tag.epc, presence.tag.tid, now_s))

    def take_first_answers(self) -> list[FirstAnswer]:
        """First answers since the last call."""
        taken, self._first_answers = self._first_answers, []
        return taken

    def _hear(self, stay: Presence, now_s: float) -> Answer | None:
        strength = stay.strength_dbm(now_s)
        edge = min((stay.peak_rssi_dbm - strength) / FADE_DB, 1.0)
        missed = self._conditions.miss_rate * (1 + 9 * edge)
        if strength < FLOOR_DBM or (missed and self._rng.random() < missed):
            return None
        return Answer(stay, strength + self._rng.uniform(-JITTER_DB, JITTER_DB))

    def _without_collisions(self, heard: list[Answer]) -> list[Answer]:
        """Each tag draws a slot, of at least twice as many as there are tags; a slot drawn twice is heard by nobody."""
        slots = 1 << (2 * len(heard) - 1).bit_length()
        drawn: dict[int, list[Answer]] = {}
        for answer in heard:
            drawn.setdefault(self._rng.randrange(slots), []).append(answer)
        return [answers[0] for _, answers in sorted(drawn.items()) if len(answers) == 1]

    def _let_pass(self, now_s: float) -> None:
        while self._coming and self._coming[0][0] <= now_s:
            self._here.append(heappop(self._coming)[2])
        if any(stay.leaves_s <= now_s for stay in self._here):
            self._here = [stay for stay in self._here if stay.leaves_s > now_s]
