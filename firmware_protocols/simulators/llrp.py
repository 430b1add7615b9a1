"""An LLRP reader: antennas in turn, ROSpecs and AccessSpecs, reports, keep-alives, one client at a time."""

from collections.abc import Iterable
from random import Random

from firmware_protocols.codec import Direction
from firmware_protocols.events import Event, FrameError, FrameFault, HostCommand, NeedData
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import id_of, type_of
from firmware_protocols.simulators.faults import NO_FAULTS, LineFaults
from firmware_protocols.simulators.llrp_dialect import MALFORMED, OTHER_CLIENT_CONNECTED, LlrpDialect
from firmware_protocols.simulators.llrp_settings import PLAIN, LlrpOptions
from firmware_protocols.simulators.llrp_speaker import TagReports
from firmware_protocols.simulators.reader import DEFAULT_OPTIONS, Emission, LineReader, LineSetup, ReaderOptions
from firmware_protocols.simulators.tag_field import TagField


class LlrpReader(LineReader):
    """A SimulatedReader for one client at a time. Whoever holds the sockets says when a host connects (`connect`), gives a second one
    what `refuse_connection` says and hangs up on it, and hangs up on the first when `is_closed`.
    """

    def __init__(
        self,
        field: TagField,
        rng: Random,
        faults: LineFaults = NO_FAULTS,
        options: ReaderOptions = DEFAULT_OPTIONS,
        manner: LlrpOptions = PLAIN,
    ) -> None:
        self.dialect = LlrpDialect(field, options, manner, rng)
        super().__init__(_host_codec(), self.dialect, field, rng, LineSetup(faults, options.round_period_s))

    @property
    def is_closed(self) -> bool:
        return self.dialect.is_closed

    def connect(self) -> None:
        """A host is there: the next `advance` greets it."""
        self._codec = _host_codec()
        self.dialect.connect()

    def refuse_connection(self, now_s: float) -> bytes:
        """What a second host is told; the first hears of it with the next `advance`."""
        self.dialect.tell_of_another(now_s)
        return self.dialect.connection_event(OTHER_CLIENT_CONNECTED, now_s).frame

    def _put(self, emissions: Iterable[Emission], now_s: float) -> None:
        for emission in emissions:
            if self._line.put(emission.frame) and isinstance(emission, TagReports):
                for presence in emission.presences:
                    self._field.note_reported(presence, now_s)


class _HostCodec(LlrpCodec):
    """Passes on what a host said wrongly, too: a reader answers it."""

    def next_event(self) -> Event | NeedData:
        event = super().next_event()
        if isinstance(event, FrameError) and event.reason is FrameFault.CONTENT:
            return HostCommand(MALFORMED, type_of(event.discarded), message_id=id_of(event.discarded))
        return event


def _host_codec() -> LlrpCodec:
    return _HostCodec(direction=Direction.TO_READER)
