"""The demo city as data.

Figures: 3,253 easy-bikes an hour counted at PTI More (BSS, 2025-09-14). Positions are rough, good enough for distances between
the four places; a real checkpoint is surveyed.
"""

from dataclasses import dataclass
from enum import StrEnum

BUSIEST_PER_HOUR = 3253
AUTHORITY_SLUG = "kcc"
DESK_NAME = "counter-1"
AFI = 0x0F  # an example: an authority's own value is agreed under ISO/IEC 15961


@dataclass(frozen=True, slots=True)
class DemoCheckpoint:
    """One place, the reader that stands there, and its share of the busiest place's traffic."""

    slug: str
    name_bn: str
    name_en: str
    latitude: float
    longitude: float
    family: str
    lanes: tuple[str, ...]
    share: float

    @property
    def passages_per_s(self) -> float:
        return BUSIEST_PER_HOUR / 3600 * self.share


CHECKPOINTS = (
    DemoCheckpoint("pti-more", "পিটিআই মোড়", "PTI More", 22.8120, 89.5620, "r2000", ("north", "south"), 1.0),
    DemoCheckpoint("shib-bari", "শিববাড়ি মোড়", "Shib Bari More", 22.8216, 89.5527, "m100", ("in",), 0.6),
    DemoCheckpoint("gollamari", "গল্লামারী", "Gollamari", 22.7995, 89.5408, "r200", ("in",), 0.4),
    DemoCheckpoint("rupsha", "রূপসা ঘাট", "Rupsha Ghat", 22.8010, 89.5790, "r2000", ("in", "out"), 0.4),
)


class Story(StrEnum):
    """What a passing bike of the demo is in truth. The rules have to find out from the tag alone."""

    LEGAL = "legal"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    STOLEN = "stolen"
    CLONED = "cloned"
    TWO_PLACES = "two_places"
    RETIRED = "retired"
    NEVER_ISSUED = "never_issued"
    OUTSIDER = "outsider"
    PLATE_MOVED = "plate_moved"
    NO_TAG = "no_tag"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """How often a story passes, how many bikes live it, and which flag the rules owe it."""

    weight: int
    bikes: int
    flag: str | None
    note: str = ""


STORIES: dict[Story, StoryFacts] = {
    Story.LEGAL: StoryFacts(56, 400, None),
    Story.EXPIRED: StoryFacts(6, 24, "expired"),
    Story.SUSPENDED: StoryFacts(3, 8, "suspended"),
    Story.CANCELLED: StoryFacts(2, 8, "cancelled"),
    Story.STOLEN: StoryFacts(2, 4, "stolen"),
    Story.CLONED: StoryFacts(3, 8, "tid_mismatch"),
    Story.TWO_PLACES: StoryFacts(1, 4, "impossible_travel", "the second place of each pair is flagged: nothing is odd about the first"),
    Story.RETIRED: StoryFacts(2, 4, "retired_tag"),
    Story.NEVER_ISSUED: StoryFacts(3, 8, "never_issued"),
    Story.OUTSIDER: StoryFacts(6, 24, "unknown_tag"),
    Story.PLATE_MOVED: StoryFacts(2, 4, None, "the tag is genuine: only a camera or an officer sees that the bike is another"),
    Story.NO_TAG: StoryFacts(14, 0, None, "radio sees nothing; no camera in this version"),
}
