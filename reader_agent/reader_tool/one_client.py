"""The door of an LLRP reader: the first host is greeted, a second one is told that there is one (LLRP 1.0.1 §13.1.1)."""

from firmware_protocols.simulators.llrp import LlrpReader
from reader_agent.clock import Clock


class OneClient:
    def __init__(self, reader: LlrpReader, clock: Clock) -> None:
        self._reader, self._clock = reader, clock

    def admit(self, *, has_host: bool) -> bytes | None:
        if has_host:
            return self._reader.refuse_connection(self._clock.now().monotonic_s)
        self._reader.connect()
        return None

    @property
    def has_hung_up(self) -> bool:
        return self._reader.is_closed
