"""One family under fire: what must never happen, and the counts of what did."""

import resource
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from time import process_time

from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import AnswersUnasked, Codec, Direction
from firmware_protocols.commands import Bank, Command, GetAntennas, GetInfo, GetPower, ReadBank, StartInventory, StopInventory
from firmware_protocols.errors import ProtocolError
from firmware_protocols.events import NEED_DATA, Event, FrameError
from fuzz.mutations import mutated
from fuzz.vectors import find_good_frame, load_frames, read_alone

BATCH = 20
MOST_GROWTH_KB = 48 * 1024  # of the whole process, over all frames of one family: what a codec may keep is far below it
WARM_BATCHES = 50
STALL_S = 2.0  # of this process' own time, for one batch
MOST_EVENTS_A_BYTE = 4
ASKED: tuple[Command, ...] = (
    GetInfo(),
    GetPower(),
    GetAntennas(),
    StartInventory(),
    StopInventory(),
    ReadBank(Bank.TID, 0, 6, epc=bytes(12)),
)
"""What a host asks in between: codecs remember it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What must not happen, and the bytes that make it happen."""

    family: str
    direction: Direction
    seed: int
    what: str
    data: bytes


@dataclass(slots=True)
class Counts:
    """What came of one family's frames."""

    family: str
    frames: int = 0
    byte_count: int = 0
    events: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    recoveries: int = 0
    growth_kb: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)


RECOVERY_BYTES = {"llrp": 2 << 20}
"""Over TCP nothing is lost, and a silence says nothing: a header of noise may claim what follows, up to the longest message."""


class Stalled(AssertionError):
    """The codec gives events without an end, or takes its time."""


class Lost(AssertionError):
    """After a silence, a good frame is not read."""


@dataclass(frozen=True, slots=True)
class Target:
    """A codec that lives through all the frames, as the codec of a line does."""

    family: str
    direction: Direction
    codec: Codec
    frames: Sequence[bytes]
    good: tuple[bytes, list[Event]] | None


def attack(family: str, frames: int, seed: int) -> Counts:
    """Feed so many mutated frames. Ends at the first finding of a direction."""
    counts = Counts(family)
    began_s = process_time()
    before_kb = 0
    targets = [target for direction in Direction if (target := _find_target(family, direction))]
    if not targets:
        counts.findings.append(Finding(family, Direction.FROM_READER, seed, "there is no frame of it in tests/vectors", b""))
    for number, start in enumerate(range(0, frames, BATCH) if targets else ()):
        if number == WARM_BATCHES:
            before_kb = _used_kb()
        target = targets[-1] if number % 4 == 3 else targets[0]  # a host's bytes are read by simulators alone
        rng = Random(f"{seed}/{family}/{number}")  # noqa: S311 — chance that can be played again, no secret
        batch = [mutated(family, target.frames, rng) for _ in range(min(BATCH, frames - start))]
        if not survives(target, batch, rng, counts, seed):
            break
    counts.growth_kb = _used_kb() - before_kb if before_kb else 0
    if counts.growth_kb > MOST_GROWTH_KB:
        counts.findings.append(Finding(family, Direction.FROM_READER, seed, f"the process grew by {counts.growth_kb} KiB", b""))
    counts.seconds = process_time() - began_s
    return counts


def _find_target(family: str, direction: Direction) -> Target | None:
    frames = load_frames(family, direction)
    if not frames:
        return None
    return Target(family, direction, codec_for(family, direction=direction), frames, find_good_frame(family, direction, frames))


def survives(target: Target, batch: list[bytes], rng: Random, counts: Counts, seed: int) -> bool:
    """False, with the finding in `counts`, if something happened that must not."""
    data = b"".join(batch)
    try:
        _feed(target, data, rng, counts)
        if target.good is not None:
            if target.direction is Direction.FROM_READER:
                _ask(
                    target.codec, StartInventory()
                )  # what a frame says may depend on what was asked last; a host goes on with its inventory
            _recover(target, *target.good)
            counts.recoveries += 1
    except Exception as error:  # noqa: BLE001 — that no exception escapes a codec is what is being tested
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__}: {error} ({place.filename.rpartition('/')[2]}:{place.lineno})"
        counts.findings.append(Finding(target.family, target.direction, seed, what, _least(target, batch, type(error))))
        return False
    counts.frames += len(batch)
    counts.byte_count += len(data)
    return True


def _feed(target: Target, data: bytes, rng: Random, counts: Counts) -> None:
    codec, began_s = target.codec, process_time()
    if target.direction is Direction.FROM_READER and rng.random() < 0.1:
        _ask(codec, rng.choice(ASKED))
    most, given = MOST_EVENTS_A_BYTE * len(data) + 1000, 0
    place = 0
    while place < len(data):
        size = rng.choice((1, 7, 64, 1024, 4096))
        codec.receive_data(data[place : place + size])
        place += size
        while (event := codec.next_event()) is not NEED_DATA:
            given += 1
            if isinstance(event, FrameError):
                counts.errors[event.reason.value] += 1
            if given > most:
                raise Stalled(f"{given} events of {len(data)} bytes")
    if isinstance(codec, AnswersUnasked):
        codec.bytes_to_send()
    counts.events += given
    if (took_s := process_time() - began_s) > STALL_S:
        raise Stalled(f"{took_s:.1f} s for {len(data)} bytes")


def _ask(codec: Codec, command: Command) -> None:
    try:
        codec.encode(command)
    except ProtocolError:
        return  # this family cannot, or not yet


def _recover(target: Target, frame: bytes, wanted: list[Event]) -> None:
    """A silence, and the next good frame is read: as many events of the same kinds as by a codec that never heard noise."""
    # Errors are left out: noise before the frame may be reported only now.
    count = 1
    while True:
        events = [event for event in read_alone(target.codec, frame * count) if not isinstance(event, FrameError)]
        if [type(event) for event in events[-len(wanted) :]] == [type(event) for event in wanted]:
            return
        if count * len(frame) > RECOVERY_BYTES.get(target.family, 0):
            raise Lost(f"{count} times {frame.hex()} gave {events} instead of {wanted}")
        count *= 2


def _least(target: Target, batch: list[bytes], kind: type[Exception]) -> bytes:
    """The one frame of the batch that does it alone to a fresh codec; else the whole batch, whose history matters."""
    for frame in batch:
        fresh = Target(target.family, target.direction, codec_for(target.family, direction=target.direction), target.frames, target.good)
        try:
            _feed(fresh, frame, Random(0), Counts(target.family))  # noqa: S311 — the same
            if fresh.good is not None:
                _recover(fresh, *fresh.good)
        except Exception as error:  # noqa: BLE001 — as in survives
            if isinstance(error, kind):
                return frame
    return b"".join(batch)


def _used_kb() -> int:
    """The most that this process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
