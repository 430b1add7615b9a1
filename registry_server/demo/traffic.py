"""Who drives where and when: a schedule drawn from the demo city's figures. Pure: randomness comes in."""

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle

from registry_server.demo.city import CHECKPOINTS, STORIES, DemoCheckpoint, Story

OPENING_GAP_S = 0.7  # every story is shown once before chance takes over
BACK_AFTER_S = 30.0  # no bike passes the same place again sooner
SECOND_PLACE_AFTER_S = 5.0  # the clone of TWO_PLACES answers this much later, more than a kilometre away
DWELL_S = (1.2, 2.4)
PEAK_RSSI_DBM = (-62.0, -48.0)


@dataclass(frozen=True, slots=True)
class Bike:
    """What the radio can hear of one bike: the tag on it. `epc` is None where there is none."""

    story: Story
    name: str
    epc: bytes | None
    tid: bytes | None


@dataclass(frozen=True, slots=True, order=True)
class DrivePast:
    """One bike at one checkpoint, `at_s` after the start."""

    at_s: float
    number: int
    bike: Bike = field(compare=False)
    checkpoint: DemoCheckpoint = field(compare=False)
    antenna: int = field(compare=False)
    dwell_s: float = field(compare=False)
    rssi_dbm: float = field(compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Departure:
    at_s: float
    story: Story = field(compare=False)
    place: DemoCheckpoint = field(compare=False)


class Traffic:
    """An endless stream of drive-pasts in the order of time."""

    def __init__(self, bikes: Sequence[Bike], rng: random.Random, checkpoints: Sequence[DemoCheckpoint] = CHECKPOINTS) -> None:
        self._rng = rng
        self._checkpoints = checkpoints
        self._garages = {story: self._garage(bikes, story) for story in STORIES if STORIES[story].bikes}
        self._number = 0
        self._left_s: dict[str, float] = {}

    def _garage(self, bikes: Sequence[Bike], story: Story) -> dict[str, Iterator[Bike]]:
        """Each bike keeps to one checkpoint, else honest bikes would travel faster than the road allows."""
        mine = [bike for bike in bikes if bike.story is story]
        places = self._checkpoints if len(mine) >= len(self._checkpoints) else self._checkpoints[: len(mine)]
        return {place.slug: cycle(mine[index :: len(places)]) for index, place in enumerate(places)}

    def stream(self) -> Iterator[DrivePast]:
        ahead: list[DrivePast] = []
        for departure in heapq.merge(self._opening(), *(self._at(place) for place in self._checkpoints)):
            while ahead and ahead[0].at_s <= departure.at_s:
                yield heapq.heappop(ahead)
            for drive in self._tour(departure):
                heapq.heappush(ahead, drive)

    def _opening(self) -> Iterator[Departure]:
        for index, story in enumerate(STORIES):
            yield Departure(index * OPENING_GAP_S, story, self._checkpoints[0])

    def _at(self, place: DemoCheckpoint) -> Iterator[Departure]:
        at_s = 0.0
        stories, weights = zip(*((story, facts.weight) for story, facts in STORIES.items()), strict=True)
        while True:
            at_s += self._rng.expovariate(place.passages_per_s)
            yield Departure(at_s, self._rng.choices(stories, weights)[0], place)

    def _tour(self, departure: Departure) -> Iterator[DrivePast]:
        bike = self._bike(departure)
        yield self.drive(bike, departure.place, departure.at_s)
        if bike.story is Story.TWO_PLACES:
            others = [other for other in self._checkpoints if other is not departure.place]
            yield self.drive(bike, self._rng.choice(others), departure.at_s + SECOND_PLACE_AFTER_S)

    def _bike(self, departure: Departure) -> Bike:
        """The next one with that story; an honest one instead of one that cannot be back already."""
        if not STORIES[departure.story].bikes:
            return Bike(departure.story, "-", None, None)
        garage = self._garages[departure.story]
        bike = next(garage.get(departure.place.slug) or next(iter(garage.values())))
        if departure.at_s - self._left_s.get(bike.name, -BACK_AFTER_S) < BACK_AFTER_S:
            return self._bike(replace(departure, story=Story.LEGAL))
        self._left_s[bike.name] = departure.at_s
        return bike

    def drive(self, bike: Bike, place: DemoCheckpoint, at_s: float) -> DrivePast:
        self._number += 1
        return DrivePast(
            at_s=at_s,
            number=self._number,
            bike=bike,
            checkpoint=place,
            antenna=self._rng.randint(1, len(place.lanes)),
            dwell_s=self._rng.uniform(*DWELL_S),
            rssi_dbm=self._rng.uniform(*PEAK_RSSI_DBM),
        )
