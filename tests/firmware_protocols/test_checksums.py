"""Check values against frames and tags that others published."""

import pytest

from firmware_protocols.checksums import complement8, crc16_gen2, sum8


def test_sum8_of_a_captured_m100_notice() -> None:
    assert sum8(bytes.fromhex("02220011c43000e200001d7315016521408fc6b83e")) == 0xC2


@pytest.mark.parametrize(
    ("body", "check"),
    [
        pytest.param("a0030172", 0xEA, id="get firmware version"),
        pytest.param("a00a018900001d00000001", 0xAE, id="the end of inventory that was published with bc"),
    ],
)
def test_complement8_makes_the_sum_zero(body: str, check: int) -> None:
    data = bytes.fromhex(body)
    assert complement8(data) == check
    assert sum8(data + bytes((check,))) == 0


@pytest.mark.parametrize(
    ("memory", "crc"),
    [
        pytest.param("340030751feb705c5904e3d50d70", 0x3A76, id="M100 manual"),
        pytest.param("3000e200001d7315016521408fc6", 0xB83E, id="captured from an M100"),
    ],
)
def test_the_crc_of_a_tag(memory: str, crc: int) -> None:
    assert crc16_gen2(bytes.fromhex(memory)) == crc
