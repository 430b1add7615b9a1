"""How a simulated LLRP reader speaks: versions, message numbers, its clock, and what it keeps back until its host is ready."""

import struct
from dataclasses import dataclass

from firmware_protocols.events import HostCommand
from firmware_protocols.llrp.frames import build_message, tlv
from firmware_protocols.llrp.tables import ANSWER_OF, MessageType, StatusCode, Tlv, Version
from firmware_protocols.simulators.llrp_settings import LlrpOptions
from firmware_protocols.simulators.reader import Emission
from firmware_protocols.simulators.tag_field import Presence

OF_VERSION_1_1 = frozenset({MessageType.GET_SUPPORTED_VERSION_RESPONSE, MessageType.SET_PROTOCOL_VERSION_RESPONSE})
"""Always sent as 1.1, whatever was agreed on (1.1 §9.1)."""


@dataclass(frozen=True, slots=True)
class TagReports(Emission):
    """A message that reports several tags: whose stays."""

    presences: tuple[Presence, ...] = ()


class Speaker:
    """Makes the messages of one connection after another."""

    def __init__(self, manner: LlrpOptions) -> None:
        self._manner = manner
        self.version = Version.V1_0_1
        self._last_message_id = 0

    def message(self, kind: MessageType, message_id: int | None, body: bytes, presences: tuple[Presence, ...] = ()) -> Emission:
        """Without an id: a message of the reader's own, by its own count."""
        if message_id is None:
            self._last_message_id += 1
            message_id = self._last_message_id
        version = Version.V1_1 if kind in OF_VERSION_1_1 else self.version
        return TagReports(build_message(version, kind, message_id, body), presences=presences)

    def status_answer(self, command: HostCommand, status: StatusCode, text: str = "") -> Emission:
        """In the message's own answer; in an ERROR_MESSAGE where it has none."""
        said = text.encode()
        body = tlv(Tlv.LLRP_STATUS, struct.pack(">HH", status, len(said)), said)
        return self.message(ANSWER_OF.get(command.opcode, MessageType.ERROR_MESSAGE), command.message_id, body)

    def notify(self, event: bytes, now_s: float) -> Emission:
        stamp = tlv(Tlv.UPTIME if self._manner.has_no_clock else Tlv.UTC_TIMESTAMP, self.clock_us(now_s).to_bytes(8))
        return self.message(MessageType.READER_EVENT_NOTIFICATION, None, tlv(Tlv.READER_EVENT_NOTIFICATION_DATA, stamp, event))

    def clock_us(self, now_s: float) -> int:
        ran_us = round(now_s * (1e6 + self._manner.clock_drift_ppm))
        return ran_us if self._manner.has_no_clock else self._manner.clock_at_zero_us + ran_us
