"""Check values of the families, and of the tags themselves."""

from binascii import crc_hqx


def sum8(data: bytes) -> int:
    """Low byte of the sum (M100: from the type byte to the last parameter)."""
    return sum(data) & 0xFF


def complement8(data: bytes) -> int:
    """What makes the low byte of the sum zero (R2000: two's complement of the sum of all bytes before it)."""
    return -sum(data) & 0xFF


def crc16_gen2(data: bytes) -> int:
    """The CRC of a tag over PC and EPC: polynomial 1021, start FFFF, high bit first, complemented (CRC-16/GENIBUS)."""
    return crc_hqx(data, 0xFFFF) ^ 0xFFFF


def crc16_mercury(data: bytes) -> int:
    """ThingMagic frames, from the length byte to the last of the data, at least two bytes: polynomial 1021, start FFFF, high bit first.

    The data bits enter at the bottom of the register, not at the top: no sixteen zero bits follow them, and the value is not that of
    CRC-16/CCITT-FALSE. So the last two bytes are only added; 1D0F is the start FFFF after those sixteen bits.
    """
    return crc_hqx(data[:-2], 0x1D0F) ^ (data[-2] << 8 | data[-1])


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def crc16_mcrf4xx(data: bytes) -> int:
    """Chafon and CF: polynomial 1021 taken low bit first (8408), start FFFF, not complemented (CRC-16/MCRF4XX)."""
    mirrored = crc_hqx(data.translate(_MIRRORED), 0xFFFF)
    return _MIRRORED[mirrored & 0xFF] << 8 | _MIRRORED[mirrored >> 8]
