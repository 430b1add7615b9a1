"""One Gen2 chip: four banks, two passwords, and locks that hold."""

from firmware_protocols.checksums import crc16_gen2
from firmware_protocols.commands import Bank, LockAction
from firmware_protocols.gen2 import PERMANENT, Gen2Error, LockChange, LockField, epc_size, pc_with_epc_size

PC_96 = 0x3000
EPC_START = 4  # after StoredCRC and PC
SMALLEST_EPC_MEMORY = 16  # bytes: room for 128 bits, as most chips have
KILL_START, ACCESS_START, RESERVED_END = 0, 4, 8

_FIELD_OF_BANK = {Bank.EPC: LockField.EPC_BANK, Bank.TID: LockField.TID_BANK, Bank.USER: LockField.USER_BANK}


class TagRefused(Exception):
    """The tag backscattered an error code."""

    def __init__(self, code: Gen2Error) -> None:
        super().__init__(code.name)
        self.code = code


class WrongPassword(Exception):
    """The tag fell silent at Access: the password is not its own."""


class SimulatedTag:
    """Memory and locks of one tag. What it refuses, it refuses with the code that the air protocol fixes (Gen2 §6.3.2.12, annex I).

    A password argument of 0 means that no Access was done: a tag whose access password is zero is then in the secured state all
    the same, any other in the open state.
    """

    def __init__(
        self,
        *,
        epc: bytes,
        tid: bytes,
        pc: int = PC_96,
        user: bytes = bytes(8),
        access_password: int = 0,
        kill_password: int = 0,
    ) -> None:
        """`epc`, `tid` and `user` are whole words; the length bits of `pc` are set to fit the EPC."""
        for name, data in (("EPC", epc), ("TID", tid), ("user memory", user)):
            if len(data) % 2:
                raise ValueError(f"{name} is {len(data)} bytes, not a whole number of words")
        if epc_size(0xF800) < len(epc):
            raise ValueError(f"an EPC has at most {epc_size(0xF800)} bytes, got {len(epc)}")
        memory = bytes(2) + pc_with_epc_size(pc, len(epc)).to_bytes(2) + epc.ljust(SMALLEST_EPC_MEMORY, b"\0")
        self._banks = {
            Bank.RESERVED: bytearray(kill_password.to_bytes(4) + access_password.to_bytes(4)),
            Bank.EPC: bytearray(memory),
            Bank.TID: bytearray(tid),
            Bank.USER: bytearray(user),
        }
        self._locks = dict.fromkeys(LockField, LockAction.OPEN) | {LockField.TID_BANK: LockAction.CLOSED_FOREVER}
        self.is_killed = False
        self._store_crc()

    @property
    def pc(self) -> int:
        return int.from_bytes(self._banks[Bank.EPC][2:EPC_START])

    @property
    def epc(self) -> bytes:
        return bytes(self._banks[Bank.EPC][EPC_START : EPC_START + epc_size(self.pc)])

    @property
    def tid(self) -> bytes:
        return bytes(self._banks[Bank.TID])

    @property
    def crc(self) -> int:
        return int.from_bytes(self._banks[Bank.EPC][:2])

    @property
    def access_password(self) -> int:
        return int.from_bytes(self._banks[Bank.RESERVED][ACCESS_START:RESERVED_END])

    @property
    def kill_password(self) -> int:
        return int.from_bytes(self._banks[Bank.RESERVED][:ACCESS_START])

    def lock_of(self, field: LockField) -> LockAction:
        return self._locks[field]

    def peek(self, bank: Bank) -> bytes:
        """The whole bank, as no reader could see it if it is locked: for tests and for matching a select mask."""
        return bytes(self._banks[bank])

    def has_bits(self, bank: Bank, start: int, length: int, mask: bytes) -> bool:
        """Do the `length` bits of the bank from `start` equal the first of the mask? A select of no bits admits every tag."""
        memory = self._banks[bank]
        if start + length > len(memory) * 8:
            return False
        bits = int.from_bytes(memory) >> (len(memory) * 8 - start - length) & (1 << length) - 1
        return bits == int.from_bytes(mask) >> (len(mask) * 8 - length)

    def read(self, bank: Bank, word_address: int, word_count: int, *, password: int = 0) -> bytes:
        """Raises TagRefused or WrongPassword. A count of 0 reads to the end of the bank."""
        is_secured = self._is_secured(password)
        start = word_address * 2
        end = start + word_count * 2 if word_count else len(self._banks[bank])
        self._check_inside(bank, start, end)
        if bank is Bank.RESERVED:
            for field in _password_fields(start, end):
                self._check_allowed(field, is_secured=is_secured)
        return bytes(self._banks[bank][start:end])

    def write(self, bank: Bank, word_address: int, data: bytes, *, password: int = 0) -> None:
        """All words or none. Raises TagRefused or WrongPassword."""
        is_secured = self._is_secured(password)
        start, end = word_address * 2, word_address * 2 + len(data)
        self._check_inside(bank, start, end)
        if bank is Bank.EPC and start < 2:
            raise TagRefused(Gen2Error.MEMORY_LOCKED)  # StoredCRC is the chip's own
        fields = _password_fields(start, end) if bank is Bank.RESERVED else (_FIELD_OF_BANK[bank],)
        for field in fields:
            self._check_allowed(field, is_secured=is_secured)
        self._banks[bank][start:end] = data
        self._store_crc()

    def lock(self, changes: tuple[LockChange, ...], *, password: int = 0) -> None:
        """Apply the five changes of a lock payload, all or none. Raises TagRefused or WrongPassword."""
        if not self._is_secured(password):
            raise TagRefused(Gen2Error.MEMORY_LOCKED)
        wanted = {field: self._changed_lock(field, change) for field, change in zip(LockField, changes, strict=True)}
        self._locks |= wanted

    def kill(self, password: int) -> None:
        """Silence the tag for ever. Raises TagRefused if its kill password is zero, WrongPassword if it is another."""
        if self.kill_password == 0:
            raise TagRefused(Gen2Error.OTHER)
        if password != self.kill_password:
            raise WrongPassword
        self.is_killed = True

    def _is_secured(self, password: int) -> bool:
        if password and password != self.access_password:
            raise WrongPassword
        return password == self.access_password

    def _check_inside(self, bank: Bank, start: int, end: int) -> None:
        if end > len(self._banks[bank]) or start >= end:
            raise TagRefused(Gen2Error.MEMORY_OVERRUN)

    def _check_allowed(self, field: LockField, *, is_secured: bool) -> None:
        """Passwords are neither read nor written where this refuses; banks are always read."""
        lock = self._locks[field]
        if lock is LockAction.CLOSED_FOREVER or (lock is LockAction.NEEDS_PASSWORD and not is_secured):
            raise TagRefused(Gen2Error.MEMORY_LOCKED)

    def _changed_lock(self, field: LockField, change: LockChange) -> LockAction:
        old = self._locks[field]
        new = LockAction(old & ~change.mask | change.action & change.mask)
        if old & PERMANENT and new != old:
            raise TagRefused(Gen2Error.MEMORY_LOCKED)  # what is for ever is not taken back
        return new

    def _store_crc(self) -> None:
        memory = self._banks[Bank.EPC]
        memory[:2] = crc16_gen2(bytes(memory[2 : EPC_START + epc_size(self.pc)])).to_bytes(2)


def _password_fields(start: int, end: int) -> tuple[LockField, ...]:
    touched = []
    if start < ACCESS_START and end > KILL_START:
        touched.append(LockField.KILL_PASSWORD)
    if end > ACCESS_START:
        touched.append(LockField.ACCESS_PASSWORD)
    return tuple(touched)
