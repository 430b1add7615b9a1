"""An M100 module, or its twin with other delimiters: one antenna, selection by mask, rounds that end by themselves."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from firmware_protocols.checksums import crc16_gen2
from firmware_protocols.commands import Bank
from firmware_protocols.events import HostCommand
from firmware_protocols.gen2 import lock_changes
from firmware_protocols.m100.frames import DELIMITERS, FrameType, build_frame
from firmware_protocols.m100.tables import REGION, ErrorCode, Opcode
from firmware_protocols.simulators.reader import Emission
from firmware_protocols.simulators.simulated_tag import SimulatedTag, TagRefused, WrongPassword
from firmware_protocols.simulators.tag_field import Answer, TagField

ANTENNA = 1
MODULE_TEXT = (b"M100 26dBm V1.0", b"V2.3.5", b"MagicRF")
SUCCESS = b"\x00"
MAX_POWER_CENTI_DBM = 3000


@dataclass(slots=True)
class Settings:
    """What a module remembers until power-off. Select mode: 0 always, 1 never, 2 for all but inventory."""

    region: int = 0x01
    channel: int = 0x01
    power_centi_dbm: int = 2600
    query: bytes = bytes.fromhex("1020")
    modem: bytes = bytes.fromhex("030601b0")
    select: bytes = bytes.fromhex("010000002000 00")
    select_mode: int = 1
    pins: dict[int, int] = field(default_factory=dict)


WITHOUT_EFFECT = {Opcode.SET_HOPPING: 1, Opcode.SET_CARRIER: 1, Opcode.SET_BAUD: 2, Opcode.SLEEP: 0}
"""What is answered and then changes nothing here, with the bytes that it takes."""
CHANNELS, JAMMER_DBM, CHANNEL_DBM = 20, -14, -70


class Act(NamedTuple):
    """How an access command fails: without a tag, and with the tag's own error code."""

    no_tag: ErrorCode
    refused: ErrorCode
    payload_size: int
    """The least that the command must carry."""


WRITE_HEAD = 9  # password, bank, address, count of words
ACTS = {
    Opcode.READ_BANK: Act(ErrorCode.READ_FAILED, ErrorCode.READ_REFUSED, 9),
    Opcode.WRITE_BANK: Act(ErrorCode.WRITE_FAILED, ErrorCode.WRITE_REFUSED, 11),
    Opcode.LOCK_TAG: Act(ErrorCode.LOCK_FAILED, ErrorCode.LOCK_REFUSED, 7),
    Opcode.KILL_TAG: Act(ErrorCode.KILL_FAILED, ErrorCode.KILL_REFUSED, 4),
}


class M100Dialect:
    """What the module says. Source: manual V2.1 §4."""

    def __init__(self, family: str, tags: TagField) -> None:
        self._delimiters, self._tags = DELIMITERS[family], tags
        self._settings = Settings()
        self._rounds_left = 0
        self._answers: dict[int, Callable[[bytes], bytes | None]] = {
            Opcode.GET_INFO: lambda asked: asked[:1] + MODULE_TEXT[asked[0]] if asked and asked[0] < len(MODULE_TEXT) else None,
            Opcode.GET_REGION: lambda _: bytes((self._settings.region,)),
            Opcode.SET_REGION: self._set_region,
            Opcode.GET_POWER: lambda _: self._settings.power_centi_dbm.to_bytes(2),
            Opcode.SET_POWER: self._set_power,
            Opcode.GET_SELECT: lambda _: self._settings.select,
            Opcode.SET_SELECT: self._set_select,
            Opcode.SET_SELECT_MODE: self._set_select_mode,
            Opcode.GET_QUERY: lambda _: self._settings.query,
            Opcode.SET_QUERY: lambda asked: self._store("query", asked, 2),
            Opcode.GET_MODEM: lambda _: self._settings.modem,
            Opcode.SET_MODEM: lambda asked: self._store("modem", asked, 4),
            Opcode.GET_CHANNEL: lambda _: bytes((self._settings.channel,)),
            Opcode.SET_CHANNEL: self._set_channel,
            Opcode.GPIO: self._gpio,
            Opcode.SET_IDLE_MODE: lambda asked: asked if len(asked) == 3 else None,
            Opcode.SET_IDLE_SLEEP_MINUTES: lambda asked: asked if len(asked) == 1 else None,
            Opcode.INSERT_CHANNELS: lambda asked: SUCCESS if asked and len(asked) == 1 + asked[0] else None,
            Opcode.SCAN_JAMMER: lambda _: _scan(JAMMER_DBM),
            Opcode.SCAN_RSSI: lambda _: _scan(CHANNEL_DBM),
            **{opcode: _done(size) for opcode, size in WITHOUT_EFFECT.items()},
        }

    @property
    def is_reading(self) -> bool:
        return self._rounds_left > 0

    def answer(self, command: HostCommand, now_s: float) -> Iterable[Emission]:
        opcode, asked = command.opcode, command.data
        if opcode == Opcode.START_INVENTORY:
            return self._start(asked)
        if opcode == Opcode.STOP_INVENTORY:
            self._rounds_left = 0
            return [self._response(opcode, SUCCESS)]
        if opcode == Opcode.INVENTORY_ONCE:
            return list(self._round(now_s))
        if opcode in ACTS:
            return [self._act(Opcode(opcode), asked, now_s)]
        if opcode not in self._answers:
            return [self._error(ErrorCode.BAD_COMMAND)]
        payload = self._answers[opcode](asked)
        return [self._error(ErrorCode.BAD_PARAMETER) if payload is None else self._response(opcode, payload)]

    def refuse(self, command: HostCommand) -> Iterable[Emission]:
        act = ACTS.get(Opcode(command.opcode)) if command.opcode in ACTS else None
        return [self._error(act.no_tag if act else ErrorCode.BAD_COMMAND)]

    def run_round(self, now_s: float) -> Iterable[Emission]:
        self._rounds_left -= 1
        return self._round(now_s)

    def _start(self, asked: bytes) -> list[Emission]:
        if len(asked) != 3:
            return [self._error(ErrorCode.BAD_PARAMETER)]
        self._rounds_left = int.from_bytes(asked[1:])
        return []

    def _round(self, now_s: float) -> Iterator[Emission]:
        """A report for each tag heard; if there is none, error 15."""
        is_meant = self._is_selected if self._settings.select_mode == 0 else lambda _: True
        heard = [answer for answer in self._tags.run_round(now_s, ANTENNA) if is_meant(answer.tag)]
        if not heard:
            yield self._error(ErrorCode.INVENTORY_FAILED)
        for answer in heard:
            yield Emission(self._tag_report(answer), answer.presence)

    def _tag_report(self, answer: Answer) -> bytes:
        said = answer.tag.pc.to_bytes(2) + answer.tag.epc
        payload = round(answer.rssi_dbm).to_bytes(1, signed=True) + said + crc16_gen2(said).to_bytes(2)
        return build_frame(self._delimiters, FrameType.NOTICE, Opcode.INVENTORY_ONCE, payload)

    def _act(self, opcode: Opcode, asked: bytes, now_s: float) -> Emission:
        act = ACTS[opcode]
        if len(asked) < act.payload_size or (opcode is Opcode.WRITE_BANK and not has_its_words(asked)):
            return self._error(ErrorCode.BAD_PARAMETER)
        is_meant = self._is_selected if self._settings.select_mode != 1 else lambda _: True
        found = self._tags.pick(now_s, ANTENNA, is_meant)
        if found is None:
            return self._error(act.no_tag)
        said = found.tag.pc.to_bytes(2) + found.tag.epc
        named = bytes((len(said),)) + said
        try:
            return self._response(opcode, named + do_access(opcode, found.tag, asked))
        except WrongPassword:
            return self._error(ErrorCode.ACCESS_FAILED, named)
        except TagRefused as refusal:
            return self._error(act.refused | refusal.code, named)

    def _is_selected(self, tag: SimulatedTag) -> bool:
        """Does the tag's memory match the mask? Bank in the low two bits of the first byte, pointer and length in bits."""
        select = self._settings.select
        return tag.has_bits(Bank(select[0] & 0b11), int.from_bytes(select[1:5]), select[5], select[7:])

    def _set_region(self, asked: bytes) -> bytes | None:
        if len(asked) != 1 or asked[0] not in REGION:
            return None
        self._settings.region = asked[0]
        return SUCCESS

    def _set_power(self, asked: bytes) -> bytes | None:
        power = int.from_bytes(asked)
        if len(asked) != 2 or power > MAX_POWER_CENTI_DBM:
            return None
        self._settings.power_centi_dbm = power
        return SUCCESS

    def _set_channel(self, asked: bytes) -> bytes | None:
        if len(asked) != 1:
            return None
        self._settings.channel = asked[0]
        return SUCCESS

    def _set_select(self, asked: bytes) -> bytes | None:
        if len(asked) < 7 or len(asked) - 7 != (asked[5] + 7) // 8:
            return None
        self._settings.select, self._settings.select_mode = asked, 2
        return SUCCESS

    def _set_select_mode(self, asked: bytes) -> bytes | None:
        if len(asked) != 1 or asked[0] > 2:
            return None
        self._settings.select_mode = asked[0]
        return SUCCESS

    def _store(self, name: str, asked: bytes, size: int) -> bytes | None:
        if len(asked) != size:
            return None
        setattr(self._settings, name, asked)
        return SUCCESS

    def _gpio(self, asked: bytes) -> bytes | None:
        """Operation (0 direction, 1 set, 2 get), pin 1 to 4, value; answered by the same three bytes."""
        if len(asked) != 3 or asked[0] > 2 or not 1 <= asked[1] <= 4:
            return None
        if asked[0] == 1:
            self._settings.pins[asked[1]] = asked[2]
        return asked[:2] + bytes((self._settings.pins.get(asked[1], 0),)) if asked[0] == 2 else asked

    def _response(self, opcode: int, payload: bytes) -> Emission:
        return Emission(build_frame(self._delimiters, FrameType.RESPONSE, opcode, payload))

    def _error(self, code: int, named: bytes = b"") -> Emission:
        return self._response(Opcode.ERROR, bytes((code,)) + named)


def _done(size: int) -> Callable[[bytes], bytes | None]:
    return lambda asked: SUCCESS if len(asked) == size else None


def _scan(dbm: int) -> bytes:
    """First and last channel, then how strong it is in each: nothing else is on the air here."""
    return bytes((0, CHANNELS - 1)) + dbm.to_bytes(1, signed=True) * CHANNELS


def has_its_words(asked: bytes) -> bool:
    """Does a write carry as many words as it says?"""
    return len(asked) - WRITE_HEAD == 2 * int.from_bytes(asked[7:WRITE_HEAD])


def do_access(opcode: Opcode, tag: SimulatedTag, asked: bytes) -> bytes:
    """Do to the tag what the command asks; what follows the tag's name in the answer. Raises TagRefused or WrongPassword."""
    password = int.from_bytes(asked[:4])
    if opcode is Opcode.LOCK_TAG:
        tag.lock(lock_changes(asked[4:7]), password=password)
        return SUCCESS
    if opcode is Opcode.KILL_TAG:
        tag.kill(password)
        return SUCCESS
    bank, address, count = Bank(asked[4] & 0b11), int.from_bytes(asked[5:7]), int.from_bytes(asked[7:9])
    if opcode is Opcode.READ_BANK:
        return tag.read(bank, address, count, password=password)
    tag.write(bank, address, asked[9 : 9 + count * 2], password=password)
    return SUCCESS
