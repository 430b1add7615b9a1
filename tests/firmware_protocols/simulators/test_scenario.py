"""A scenario file: what it says, and what is said of one that cannot be simulated."""

import tomllib
from contextlib import suppress
from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.simulators import CLEAN_AIR, NO_FAULTS, LineFaults, RadioConditions, TagField
from firmware_protocols.simulators.scenario import BadScenario, fill_field, parse_scenario

WHOLE = """
seed = 7
until_s = 100

[[tags]]
epc = "e28011700000020f1a2b3c4d"
tid = "e2801170200012345678abcd"
pc = "35a1"
user = "0102"
access_password = "11223344"
enters_s = 2.0
dwell_s = 1.5
antenna = 2
rssi = -52
repeat_every_s = 30

[[tags]]
epc = "E28011700000020F1A2B3C4E"
tid = "E2801170200012345678ABCE"

[faults]
noise = 0.01
silences_per_minute = 2

[air]
miss_rate = 0.1
has_collisions = false
"""
TAG = {"epc": "e28011700000020f1a2b3c4d", "tid": "e2801170200012345678abcd"}


def test_a_whole_scenario() -> None:
    scenario = parse_scenario(tomllib.loads(WHOLE))
    first, second = scenario.tags
    assert (scenario.seed, scenario.until_s) == (7, 100.0)
    assert scenario.faults == LineFaults(noise=0.01, silences_per_minute=2)
    assert scenario.air == RadioConditions(0.1, has_collisions=False)
    assert (first.pc, first.user, first.access_password, first.antenna, first.rssi_dbm) == (0x35A1, b"\x01\x02", 0x11223344, 2, -52.0)
    assert list(first.stays(scenario.until_s)) == [(2.0, 3.5), (32.0, 33.5), (62.0, 63.5), (92.0, 93.5)]
    assert (second.epc.hex(), second.enters_s, second.dwell_s, second.antenna) == ("e28011700000020f1a2b3c4e", 0.0, inf, 1)


def test_an_empty_scenario_is_an_empty_field_on_a_good_line() -> None:
    scenario = parse_scenario({})
    assert (scenario.tags, scenario.faults, scenario.seed) == ((), NO_FAULTS, None)


def test_the_field_of_a_scenario() -> None:
    field = TagField(Random(1), CLEAN_AIR)
    fill_field(field, parse_scenario(tomllib.loads(WHOLE)), starts_s=1000.0)
    assert not field.present(1001.9, 2)
    (stay,) = field.present(1002.5, 2)
    assert stay.tag.access_password == 0x11223344
    assert not field.present(1004.0, 2)
    (again,) = field.present(1033.0, 2)
    assert again.tag is stay.tag
    assert field.present(1033.0, 1)


@pytest.mark.parametrize(
    ("data", "where", "expected"),
    [
        pytest.param({"tag": []}, "scenario", "only air, faults, seed, tags, until_s", id="a misspelt section"),
        pytest.param({"tags": {}}, "tags", "a list", id="tags not in a list"),
        pytest.param({"tags": ["e280"]}, r"tags\[1\]", "a table", id="a tag that is a text"),
        pytest.param({"tags": [{"epc": TAG["epc"]}]}, r"tags\[1\].tid", "1 to 32 words", id="no TID"),
        pytest.param({"tags": [TAG | {"epc": "e28"}]}, r"tags\[1\].epc", "hex digits", id="half a byte"),
        pytest.param({"tags": [TAG | {"epc": "zz"}]}, r"tags\[1\].epc", "hex digits", id="not hex"),
        pytest.param({"tags": [TAG | {"epc": "00" * 64}]}, r"tags\[1\].epc", "1 to 31 words", id="too long an EPC"),
        pytest.param({"tags": [TAG | {"pc": "30"}]}, r"tags\[1\].pc", "4 hex digits", id="half a PC"),
        pytest.param({"tags": [TAG | {"pc": 0x3000}]}, r"tags\[1\].pc", "4 hex digits", id="PC as a number"),
        pytest.param({"tags": [TAG | {"antenna": 5}]}, r"tags\[1\].antenna", "1 to 4", id="no such antenna"),
        pytest.param({"tags": [TAG | {"antenna": True}]}, r"tags\[1\].antenna", "1 to 4", id="an antenna that is true"),
        pytest.param({"tags": [TAG | {"enters_s": "soon"}]}, r"tags\[1\].enters_s", "a number", id="a time in words"),
        pytest.param({"tags": [TAG | {"enters_s": -1}]}, r"tags\[1\].enters_s", "at least 0", id="before the start"),
        pytest.param({"tags": [TAG | {"enters_s": inf}]}, r"tags\[1\].enters_s", "at least 0", id="never"),
        pytest.param({"tags": [TAG | {"enters_s": float("nan")}]}, r"tags\[1\].enters_s", "at least 0", id="no number"),
        pytest.param({"tags": [TAG | {"rssi": 10}]}, r"tags\[1\].rssi", "-85 to 0 dBm", id="louder than can be"),
        pytest.param({"tags": [TAG | {"speed": 3}]}, r"tags\[1\]", "only access_password", id="an unknown key"),
        pytest.param({"tags": [TAG | {"repeat_every_s": 5}]}, r"tags\[1\].repeat_every_s", "give one", id="comes again but never leaves"),
        pytest.param(
            {"tags": [TAG | {"dwell_s": 2, "repeat_every_s": 1}]},
            r"tags\[1\].repeat_every_s",
            "more than dwell_s",
            id="comes before it goes",
        ),
        pytest.param(
            {"tags": [TAG | {"dwell_s": 0.001, "repeat_every_s": 0.002}]},
            r"tags\[1\].repeat_every_s",
            "at least 0.036",
            id="comes too often",
        ),
        pytest.param({"tags": [TAG, TAG | {"epc": "0001"}]}, r"tags\[2\].tid", "the same epc", id="one chip with two memories"),
        pytest.param({"faults": {"noise": 2}}, "faults.noise", "0 to 1", id="more noise than frames"),
        pytest.param({"faults": {"nois": 0.1}}, "faults", "only", id="a misspelt fault"),
        pytest.param({"faults": 3}, "faults", "a table", id="faults not in a table"),
        pytest.param({"air": {"miss_rate": 2}}, "air.miss_rate", "0 to 1", id="more misses than rounds"),
        pytest.param({"air": {"has_collisions": "no"}}, "air.has_collisions", "true or false", id="a no in words"),
        pytest.param({"air": []}, "air", "a table", id="air not in a table"),
        pytest.param({"seed": 1.5}, "seed", "a whole number", id="half a seed"),
        pytest.param({"until_s": -1}, "until_s", "at least 0", id="until before the start"),
    ],
)
def test_what_cannot_be_simulated(data: dict[str, object], where: str, expected: str) -> None:
    with pytest.raises(BadScenario, match=rf"scenario: {where}: expected .*{expected}"):
        parse_scenario(data, antenna_ports=4)


def test_one_chip_before_two_antennas_has_one_memory() -> None:
    field = TagField(Random(1), CLEAN_AIR)
    fill_field(field, parse_scenario({"tags": [TAG | {"dwell_s": 2}, TAG | {"antenna": 2, "enters_s": 3}]}))
    (first,), (second,) = field.present(1.0, 1), field.present(4.0, 2)
    assert first.tag is second.tag


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["epc", "tid", "noise", "dwell_s", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["tags", "faults", "air", "seed", "until_s", "x"]), anything, max_size=4))
def test_any_file_is_read_or_refused_by_name(data: dict[str, object]) -> None:
    with suppress(BadScenario):
        parse_scenario(data)
