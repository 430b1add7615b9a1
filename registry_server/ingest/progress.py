"""Which batches of one life of an agent are stored. Pure."""

from bisect import bisect_left
from dataclasses import dataclass, field


@dataclass(slots=True)
class Progress:
    """All up to `through`, and the ranges `beyond` it, ahead of gaps."""

    through: int = 0
    beyond: list[list[int]] = field(default_factory=list)
    """`[[first, last], …]`, ascending, apart from each other and from `through`."""

    def __contains__(self, seq: int) -> bool:
        if seq <= self.through:
            return True
        at = bisect_left(self.beyond, [seq + 1]) - 1
        return at >= 0 and seq <= self.beyond[at][1]

    def add(self, seq: int) -> bool:
        """Note a batch. False if it was stored already."""
        if seq in self:
            return False
        at = bisect_left(self.beyond, [seq])
        self.beyond.insert(at, [seq, seq])
        self._join(at)
        self._join(at - 1)
        if self.beyond[0][0] == self.through + 1:
            self.through = self.beyond.pop(0)[1]
        return True

    def _join(self, at: int) -> None:
        """Make one of two ranges that touch."""
        if 0 <= at < len(self.beyond) - 1 and self.beyond[at][1] + 1 == self.beyond[at + 1][0]:
            self.beyond[at][1] = self.beyond.pop(at + 1)[1]

    @property
    def missing(self) -> int:
        """How many batches were skipped so far."""
        expected, missing = self.through + 1, 0
        for first, last in self.beyond:
            missing += first - expected
            expected = last + 1
        return missing
