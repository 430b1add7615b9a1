"""What an R700 is asked over HTTP."""

import json

import pytest

from firmware_protocols.commands import (
    Bank,
    Command,
    GetInfo,
    ReadBank,
    Region,
    SetAntennas,
    SetPower,
    SetRegion,
    StartInventory,
    StopInventory,
)
from firmware_protocols.errors import BadArgument, Unsupported
from firmware_protocols.impinj_json.requests import (
    DEFAULT_PROFILE,
    HttpRequest,
    InventoryProfile,
    is_idle,
    model_of,
    plan,
    start_inventory,
    visit,
)


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        pytest.param(StopInventory(), ("POST", "/api/v1/profiles/stop", None), id="stop"),
        pytest.param(GetInfo(), ("GET", "/api/v1/system", None), id="info"),
    ],
)
def test_commands_without_a_body(command: Command, asked: tuple[str, str, None]) -> None:
    assert plan(command, DEFAULT_PROFILE).requests == (HttpRequest(*asked),)


def test_a_start_takes_power_and_antennas_along() -> None:
    profile = plan(SetAntennas((1, 3)), plan(SetPower(27.5), DEFAULT_PROFILE).profile).profile
    ((method, path, body),) = plan(StartInventory(), profile).requests
    assert (method, path) == ("POST", "/api/v1/profiles/inventory/start")
    sent = json.loads(json.dumps(body))
    assert [(each["antennaPort"], each["transmitPowerCdbm"]) for each in sent["antennaConfigs"]] == [(1, 2750), (3, 2750)]
    assert sent["eventConfig"]["tagInventory"]["epcHex"] == "enabled"
    assert sent["eventConfig"]["tagInventory"]["peakRssiCdbm"] == "enabled"


@pytest.mark.parametrize("command", [SetPower(20), SetAntennas((2,))], ids=["power", "antennas"])
def test_power_and_antennas_send_nothing_by_themselves(command: Command) -> None:
    changed = plan(command, DEFAULT_PROFILE)
    assert changed.requests == ()
    assert changed.profile != DEFAULT_PROFILE


@pytest.mark.parametrize("has_tid", [True, False])
def test_the_tid_is_asked_for_where_it_is_wanted(has_tid: bool) -> None:
    body = json.loads(json.dumps(start_inventory(InventoryProfile(has_tid=has_tid)).body))
    word = "enabled" if has_tid else "disabled"
    assert (body["antennaConfigs"][0]["fastId"], body["eventConfig"]["tagInventory"]["tidHex"]) == (word, word)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(SetPower(34), id="more than 33 dBm"),
        pytest.param(SetPower(-1), id="less than 0 dBm"),
        pytest.param(SetPower(float("nan")), id="no number"),
        pytest.param(SetAntennas(()), id="no antenna"),
        pytest.param(SetAntennas((1, 5)), id="no fifth port"),
        pytest.param(SetAntennas((1, 1)), id="a port twice"),
    ],
)
def test_what_no_r700_accepts(command: Command) -> None:
    with pytest.raises(BadArgument):
        plan(command, DEFAULT_PROFILE)


@pytest.mark.parametrize("command", [SetRegion(Region.EU), ReadBank(Bank.TID, 0, 6)], ids=["region", "read"])
def test_what_has_no_documented_request_is_refused(command: Command) -> None:
    with pytest.raises(Unsupported):
        plan(command, DEFAULT_PROFILE)


def test_a_visit_ends_what_runs_begins_with_its_settings_and_leaves_the_reader_idle() -> None:
    asked = visit([SetAntennas((2, 4)), SetPower(20)])
    assert [(request.method, request.path) for request in asked.begin] == [
        ("POST", "/api/v1/profiles/stop"),
        ("POST", "/api/v1/profiles/inventory/start"),
    ]
    antennas = json.loads(json.dumps(asked.begin[1].body))["antennaConfigs"]
    assert [(each["antennaPort"], each["transmitPowerCdbm"]) for each in antennas] == [(2, 2000), (4, 2000)]
    assert [request.path for request in asked.end] == ["/api/v1/profiles/stop"]


def test_a_visit_with_what_no_r700_accepts_is_refused() -> None:
    with pytest.raises(BadArgument):
        visit([SetAntennas((5,))])


@pytest.mark.parametrize(
    ("body", "idle"),
    [
        pytest.param(b'{"interface": "IoT", "status": "running"}', False, id="running"),
        pytest.param(b'{"status": "starting"}', False, id="starting"),
        pytest.param(b'{"status": "idle"}', True, id="idle"),
        pytest.param(b'{"status": "stopping"}', True, id="stopping"),
        pytest.param(b'{"status": 7}', False, id="another shape says nothing"),
        pytest.param(b"<html>", False, id="no JSON"),
        pytest.param(b"[]", False, id="an array"),
        pytest.param(b"[" * 100_000, False, id="nested without end"),
    ],
)
def test_what_its_status_says(body: bytes, *, idle: bool) -> None:
    assert is_idle(body) is idle


@pytest.mark.parametrize(
    ("body", "model"),
    [
        pytest.param(b'{"productModel": "R700", "serialNumber": "370-10"}', "R700 370-10", id="model and number"),
        pytest.param(b'{"productFamily": "R700", "productModel": "R700"}', "R700", id="each word once"),
        pytest.param(b'{"productModel": 7}', "", id="another shape"),
        pytest.param(b"\xff", "", id="no JSON"),
    ],
)
def test_what_its_system_says(body: bytes, model: str) -> None:
    assert model_of(body) == model
