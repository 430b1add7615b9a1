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
