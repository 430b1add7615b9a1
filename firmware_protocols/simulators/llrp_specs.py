"""AccessSpecs as a host has laid them ready in a simulated LLRP reader: what to do to which tags (§12, §15.2.1.5)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from firmware_protocols.commands import Bank
from firmware_protocols.gen2 import Gen2Error, LockChange, LockField, lock_change
from firmware_protocols.llrp.frames import Malformed, Parameter, parameters_of, tlv
from firmware_protocols.llrp.tables import LOCK_DATA_FIELD, LOCK_PRIVILEGE, Tlv, Version
from firmware_protocols.simulators.llrp_rospecs import RoSpec, Target, need
from firmware_protocols.simulators.simulated_tag import SimulatedTag, TagRefused, WrongPassword

STATE_AT = 11  # in an AccessSpec with its header
ENABLED = 0x80
ACCESS_OPS = {
    Tlv.C1G2_READ: Tlv.C1G2_READ_RESULT,
    Tlv.C1G2_WRITE: Tlv.C1G2_WRITE_RESULT,
    Tlv.C1G2_KILL: Tlv.C1G2_KILL_RESULT,
    Tlv.C1G2_LOCK: Tlv.C1G2_LOCK_RESULT,
    Tlv.C1G2_BLOCK_ERASE: Tlv.C1G2_BLOCK_ERASE_RESULT,
    Tlv.C1G2_BLOCK_WRITE: Tlv.C1G2_BLOCK_WRITE_RESULT,
}
WRONG_PASSWORD = -1
_WRITE_CODES = {Gen2Error.MEMORY_OVERRUN: 1, Gen2Error.MEMORY_LOCKED: 2, Gen2Error.LOW_POWER: 3, WRONG_PASSWORD: 7}
RESULT_CODES: dict[int, dict[int, int]] = {
    Tlv.C1G2_READ_RESULT: {Gen2Error.MEMORY_OVERRUN: 4, Gen2Error.MEMORY_LOCKED: 5, WRONG_PASSWORD: 6},
    Tlv.C1G2_WRITE_RESULT: _WRITE_CODES,
    Tlv.C1G2_BLOCK_WRITE_RESULT: _WRITE_CODES,
    Tlv.C1G2_BLOCK_ERASE_RESULT: _WRITE_CODES,
    Tlv.C1G2_KILL_RESULT: {Gen2Error.OTHER: 1, Gen2Error.LOW_POWER: 2, WRONG_PASSWORD: 6},
    Tlv.C1G2_LOCK_RESULT: {Gen2Error.LOW_POWER: 1, WRONG_PASSWORD: 5, Gen2Error.MEMORY_OVERRUN: 6, Gen2Error.MEMORY_LOCKED: 7},
}
"""Result of an operation by the tag's refusal, in the words of 1.1; 1.0.1 ends with the non-specific reader error."""
TAG_ERROR: dict[int, int] = {Tlv.C1G2_READ_RESULT: 1, Tlv.C1G2_KILL_RESULT: 3, Tlv.C1G2_LOCK_RESULT: 2}
OTHER_TAG_ERROR = 4
"""Then comes "no response from the tag", then the non-specific reader error, of every operation."""
_FIELD = {code: each for each, code in LOCK_DATA_FIELD.items()}
_ACTION = {code: each for each, code in LOCK_PRIVILEGE.items()}


@dataclass(frozen=True, slots=True)
class Operation:
    kind: int
    body: bytes


@dataclass(slots=True)
class AccessSpec:
    access_spec_id: int
    antenna: int
    rospec_id: int
    encoded: bytes
    targets: tuple[Target, ...]
    """One or two, all of which a tag has to fit (§15.2.1.5.1.1: a Boolean AND)."""
    operations: tuple[Operation, ...]
    times_left: int | None
    """None: as often as a tag is read."""
    is_enabled: bool = False

    def means(self, tag: SimulatedTag, antenna: int, rospec_id: int) -> bool:
        is_here = self.antenna in (0, antenna) and self.rospec_id in (0, rospec_id)
        return self.is_enabled and is_here and all(target.means(tag) for target in self.targets)

    def with_state(self) -> bytes:
        """As GET_ACCESSSPECS shows it."""
        return self.encoded[:STATE_AT] + bytes((ENABLED * self.is_enabled,)) + self.encoded[STATE_AT + 1 :]


@dataclass(slots=True)
class Specs:
    """All of one reader, by their numbers."""

    rospecs: dict[int, RoSpec] = field(default_factory=dict)
    access_specs: dict[int, AccessSpec] = field(default_factory=dict)

    @property
    def active(self) -> RoSpec | None:
        return next((spec for spec in self.rospecs.values() if spec.is_active), None)


def read_access_spec(data: bytes, spec: Parameter) -> AccessSpec:
    """Raises Malformed."""
    need(spec, 12)
    access_spec_id, antenna, _, _, rospec_id = struct.unpack_from(">IHBBI", data, spec.start)
    targets: list[Target] = []
    operations: list[Operation] = []
    times_left = None
    for inner in parameters_of(data, spec.start + 12, spec.end):
        if inner.type == Tlv.ACCESS_SPEC_STOP_TRIGGER:
            need(inner, 3)
            kind, times = struct.unpack_from(">BH", data, inner.start)
            times_left = times or None if kind == 1 else None
        elif inner.type == Tlv.ACCESS_COMMAND:
            for part in parameters_of(data, inner.start, inner.end):
                if part.type == Tlv.C1G2_TAG_SPEC:
                    targets += [_read_target(data, target) for target in parameters_of(data, part.start, part.end)]
                elif part.type in ACCESS_OPS:
                    operations.append(_read_operation(data, part))
    if not targets or not operations:
        raise Malformed("a C1G2TagSpec and an operation in the AccessSpec", f"{len(targets)} and {len(operations)}")
    encoded = data[spec.start - 4 : spec.end]
    return AccessSpec(access_spec_id, antenna, rospec_id, encoded, tuple(targets), tuple(operations), times_left)


def _read_target(data: bytes, target: Parameter) -> Target:
    """Bank and match bits, pointer u16, mask and data each with a count of bits before it."""
    need(target, 5)
    flags, pointer, mask_bits = struct.unpack_from(">BHH", data, target.start)
    mask_end = target.start + 5 + (mask_bits + 7) // 8
    data_bits = int.from_bytes(data[mask_end : mask_end + 2])
    if mask_end + 2 + (data_bits + 7) // 8 > target.end or data_bits != mask_bits:
        raise Malformed("a mask and as many bits of data", f"{mask_bits} and {data_bits} bits")
    spare = -mask_bits % 8
    mask = int.from_bytes(data[target.start + 5 : mask_end]) >> spare
    wanted = int.from_bytes(data[mask_end + 2 : mask_end + 2 + (data_bits + 7) // 8]) >> spare
    return Target(Bank(flags >> 6), bool(flags & 0x20), pointer, mask, wanted, mask_bits)


def _read_operation(data: bytes, part: Parameter) -> Operation:
    """OpSpecID u16 and password u32; then bank, word address u16 and word count u16, or the payloads of a lock."""
    need(part, 6)
    if part.type == Tlv.C1G2_LOCK:
        for payload in parameters_of(data, part.start + 6, part.end):
            need(payload, 2)
            if data[payload.start] not in _ACTION or data[payload.start + 1] not in _FIELD:
                raise Malformed("a privilege from 0 to 3 and a field from 0 to 4", data[payload.start : payload.end].hex())
    elif part.type != Tlv.C1G2_KILL:
        need(part, 11)
        words = int.from_bytes(data[part.start + 9 : part.start + 11])
        need(part, 11 + 2 * words if part.type in (Tlv.C1G2_WRITE, Tlv.C1G2_BLOCK_WRITE) else 11)
    return Operation(part.type, data[part.start : part.end])


def operate(tag: SimulatedTag, operations: tuple[Operation, ...], version: Version) -> Iterator[bytes]:
    """Do them in turn; the result parameter of each."""
    for operation in operations:
        kind = ACCESS_OPS[Tlv(operation.kind)]
        op_spec_id = operation.body[:2]
        try:
            code, said = 0, _do(tag, operation)
        except WrongPassword:
            code, said = _code(kind, WRONG_PASSWORD, version), _said_nothing(kind)
        except TagRefused as refusal:
            code, said = _code(kind, refusal.code, version), _said_nothing(kind)
        yield tlv(kind, bytes((code,)), op_spec_id, said)


def _code(kind: int, refusal: int, version: Version) -> int:
    """A tag that was given a wrong password is silent: so says a reader that has no word for it."""
    tag_error = TAG_ERROR.get(kind, OTHER_TAG_ERROR)
    no_response, reader_error = tag_error + 1, tag_error + 2
    code = RESULT_CODES[kind].get(refusal, tag_error)
    if version is Version.V1_0_1 and code > reader_error:
        return no_response if refusal == WRONG_PASSWORD else tag_error
    return code


def _said_nothing(kind: int) -> bytes:
    """What follows a failure: no words read, none written."""
    return bytes(2) if kind in (Tlv.C1G2_READ_RESULT, Tlv.C1G2_WRITE_RESULT, Tlv.C1G2_BLOCK_WRITE_RESULT) else b""


def _do(tag: SimulatedTag, operation: Operation) -> bytes:
    """Raises TagRefused or WrongPassword."""
    body = operation.body
    password = int.from_bytes(body[2:6])
    if operation.kind == Tlv.C1G2_KILL:
        tag.kill(password)
        return b""
    if operation.kind == Tlv.C1G2_LOCK:
        tag.lock(_lock_changes(body), password=password)
        return b""
    bank, (address, words) = Bank(body[6] >> 6), struct.unpack_from(">HH", body, 7)
    if operation.kind == Tlv.C1G2_READ:
        read = tag.read(bank, address, words, password=password)
        return (len(read) // 2).to_bytes(2) + read
    is_erasure = operation.kind == Tlv.C1G2_BLOCK_ERASE
    tag.write(bank, address, bytes(2 * words) if is_erasure else body[11 : 11 + 2 * words], password=password)
    return b"" if is_erasure else words.to_bytes(2)


def _lock_changes(body: bytes) -> tuple[LockChange, ...]:
    payloads = parameters_of(body, 6, len(body))
    wanted = {_FIELD[body[payload.start + 1]]: _ACTION[body[payload.start]] for payload in payloads}
    return tuple(lock_change(wanted.get(each)) for each in LockField)
