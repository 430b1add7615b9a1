"""What a bad line does to a reader's frames, and a bad reader to its host."""

from dataclasses import dataclass, fields
from random import Random

MOST_NOISE_BYTES = 12


@dataclass(frozen=True, slots=True)
class LineFaults:
    """Each a share from 0 to 1 of the frames (or of the commands) that it befalls, but for the two of silence."""

    noise: float = 0.0
    """Frames before which random bytes stand."""
    wrong_checksum: float = 0.0
    """Frames with one byte changed."""
    truncated: float = 0.0
    """Frames that end early."""
    split: float = 0.0
    """Frames that come in two writes."""
    merged: float = 0.0
    """Frames that come in one write with the frame before them."""
    refused: float = 0.0
    """Commands answered by an error of the reader."""
    unanswered: float = 0.0
    """Commands that get no answer."""
    silences_per_minute: float = 0.0
    """How often the reader falls wholly silent: no frame, no answer."""
    silence_s: float = 5.0
    """For how long."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value < 0 or (value > 1 and not field.name.startswith("silence")):
                raise ValueError(f"{field.name} is a share from 0 to 1 (the two of silence: not negative), got {value}")


NO_FAULTS = LineFaults()


class FaultyLine:
    """Frames in, writes out: what the reader's host will find on the line, in order."""

    def __init__(self, faults: LineFaults, rng: Random) -> None:
        self._faults, self._rng = faults, rng
        self._is_clean = faults == NO_FAULTS
        self._writes: list[bytes] = []
        self._silent_until_s = 0.0
        self._last_s: float | None = None

    def put(self, frame: bytes) -> bool:
        """True if the whole frame, unharmed, goes on the line."""
        if self._is_clean:
            self._writes.append(frame)
            return True
        damaged = self._damage(frame)
        noise = self._rng.randbytes(self._rng.randint(1, MOST_NOISE_BYTES)) if self._happens(self._faults.noise) else b""
        self._write(noise + damaged)
        return damaged == frame

    def take_writes(self) -> list[bytes]:
        taken, self._writes = self._writes, []
        return taken

    def is_answered(self) -> bool:
        return not self._happens(self._faults.unanswered)

    def is_refused(self) -> bool:
        return self._happens(self._faults.refused)

    def is_silent(self, now_s: float) -> bool:
        """Is the reader in one of its silences? Silences begin by chance as time goes."""
        passed_s = 0.0 if self._last_s is None else now_s - self._last_s
        self._last_s = now_s
        if now_s >= self._silent_until_s and self._happens(passed_s * self._faults.silences_per_minute / 60):
            self._silent_until_s = now_s + self._faults.silence_s
        return now_s < self._silent_until_s

    def _happens(self, share: float) -> bool:
        return share > 0 and self._rng.random() < share

    def _damage(self, frame: bytes) -> bytes:
        if self._happens(self._faults.truncated):
            return frame[: self._rng.randrange(1, len(frame))]
        if self._happens(self._faults.wrong_checksum):
            place = len(frame) - 2  # the checksum or the byte before it, in every family
            return frame[:place] + bytes((frame[place] ^ self._rng.randint(1, 255),)) + frame[place + 1 :]
        return frame

    def _write(self, data: bytes) -> None:
        if self._writes and self._happens(self._faults.merged):
            self._writes[-1] += data
        elif len(data) > 1 and self._happens(self._faults.split):
            place = self._rng.randrange(1, len(data))
            self._writes += (data[:place], data[place:])
        else:
            self._writes.append(data)
