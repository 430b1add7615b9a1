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
    choose_rest_interface,
    open_stream,
    plan,
    start_inventory,
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


def test_the_stream_and_the_interface() -> None:
    assert open_stream() == HttpRequest("GET", "/api/v1/data/stream")
    assert choose_rest_interface() == HttpRequest("PUT", "/api/v1/system/rfid/interface", {"rfidInterface": "rest"})
