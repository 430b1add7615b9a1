"""The REST interface of a simulated R700: what it does as it is asked, and what it refuses as the reader would."""

import json
from base64 import urlsafe_b64decode
from random import Random
from typing import Any

import pytest

from firmware_protocols.commands import SetAntennas
from firmware_protocols.impinj_json.requests import STREAM_PATH, HttpRequest, get_status, get_system, is_idle, model_of, visit
from firmware_protocols.simulators import CLEAN_AIR, LineFaults, TagField, simulator_for
from firmware_protocols.simulators.r700_rest import HttpAnswer, R700Rest
from firmware_protocols.simulators.smart import SmartReader
from tests.firmware_protocols.simulators.conversing import EPC, new_tag


class Talk:
    """A host's requests, and what the reader streams meanwhile."""

    def __init__(self, **faults: float) -> None:
        rng = Random(1)
        self.field = TagField(rng, CLEAN_AIR)
        reader = simulator_for("impinj-json", self.field, rng, faults=LineFaults(**faults))
        assert isinstance(reader, SmartReader)
        self.reader, self.rest, self.now_s = reader, R700Rest(reader), 0.0

    def ask(self, request: HttpRequest) -> HttpAnswer | None:
        body = b"" if request.body is None else json.dumps(request.body).encode()
        return self.rest.answer(request.method, request.path, body)

    def status(self, request: HttpRequest) -> int:
        answer = self.ask(request)
        assert answer is not None
        return answer.status

    def listen(self, seconds: float) -> bytes:
        self.now_s += seconds
        return b"".join(self.reader.advance(self.now_s))


STOP, START = visit([SetAntennas((1, 2))]).begin


def test_it_rests_until_it_is_begun_and_after_it_is_ended() -> None:
    talk = Talk()
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.listen(0.0)
    assert b"tagInventory" not in talk.listen(1.0)
    assert [talk.status(STOP), talk.status(START)] == [204, 204]
    assert EPC.hex().upper().encode() in talk.listen(1.0)
    assert talk.status(STOP) == 204
    talk.listen(0.1)
    assert b"tagInventory" not in talk.listen(1.0)


def test_it_tells_each_change_of_its_status() -> None:
    talk = Talk()
    heard = talk.listen(0.1)
    talk.ask(START)
    heard += talk.listen(0.1)
    talk.ask(STOP)
    heard += talk.listen(0.1)
    told = [json.loads(line)["inventoryStatusEvent"]["inventoryStatus"] for line in heard.splitlines()]
    assert told == ["idle", "running", "idle"]


def test_it_reads_before_the_ports_that_it_was_asked_for() -> None:
    talk = Talk()
    for number in range(4):
        talk.field.enter(new_tag(number), enters_s=0.0, antenna=number + 1)
    talk.ask(START)
    talk.listen(0.0)
    events = [json.loads(line) for line in talk.listen(1.0).splitlines()]
    assert {event["tagInventoryEvent"]["antennaPort"] for event in events if "tagInventoryEvent" in event} == {1, 2}


ALWAYS = {"antennaPort", "peakRssiCdbm", "frequency", "transmitPowerCdbm"}
ANTENNA = {"antennaConfigs": [{"antennaPort": 1, "transmitPowerCdbm": 3000}]}


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        pytest.param({}, {"epc"} | ALWAYS, id="nothing said (impinj-iot, captured events)"),
        pytest.param({"epcHex": "enabled"}, {"epc", "epcHex"} | ALWAYS, id="one more"),
        pytest.param({"epc": "disabled", "tidHex": "enabled"}, {"tidHex"} | ALWAYS, id="one for another"),
        pytest.param({"tagReporting": {"reportingIntervalSeconds": 0}}, {"epc"} | ALWAYS, id="other settings"),
    ],
)
def test_a_tag_is_told_with_the_fields_that_were_asked_for(said: dict[str, object], fields: set[str]) -> None:
    talk = Talk()
    talk.field.enter(new_tag(), enters_s=0.0)
    profile: dict[str, Any] = ANTENNA | ({"eventConfig": {"tagInventory": said}} if said else {})
    assert talk.status(HttpRequest("POST", START.path, profile)) == 204
    talk.listen(0.0)
    events = [json.loads(line) for line in talk.listen(1.0).splitlines()]
    tags = [event["tagInventoryEvent"] for event in events if "tagInventoryEvent" in event]
    assert {frozenset(tag) for tag in tags} == {frozenset(fields)}
    assert all(urlsafe_b64decode(tag["epc"]) == EPC for tag in tags if "epc" in tag)


PRESETS = "/api/v1/profiles/inventory/presets"


def test_presets_are_kept_shown_and_started() -> None:
    """The order of other hosts: stop, keep a preset of one's own, start it, listen."""
    talk = Talk()
    talk.field.enter(new_tag(), enters_s=0.0, antenna=2)
    mine: dict[str, Any] = {"antennaConfigs": [{"antennaPort": 2, "transmitPowerCdbm": 2550}]}
    steps = [STOP, *(HttpRequest("PUT", f"{PRESETS}/mine", mine) for _ in range(2)), HttpRequest("POST", f"{PRESETS}/mine/start", {})]
    assert [talk.status(step) for step in steps] == [204, 201, 204, 204]
    shown = [talk.ask(HttpRequest("GET", path)) for path in (PRESETS, f"{PRESETS}/mine")]
    assert [json.loads(answer.body) for answer in shown if answer] == [["default", "mine"], mine]
    talk.listen(0.0)
    events = [json.loads(line) for line in talk.listen(1.0).splitlines()]
    assert {event["tagInventoryEvent"]["transmitPowerCdbm"] for event in events if "tagInventoryEvent" in event} == {2550}


def test_a_preset_is_forgotten() -> None:
    talk = Talk()
    mine: dict[str, Any] = {**ANTENNA}
    talk.ask(HttpRequest("PUT", f"{PRESETS}/mine", mine))
    assert [talk.status(HttpRequest("DELETE", f"{PRESETS}/mine")) for _ in range(2)] == [204, 404]
    assert talk.status(HttpRequest("POST", f"{PRESETS}/mine/start")) == 404


def test_a_preset_as_other_hosts_write_it() -> None:
    """All fields of Impinj's example for protected mode, of the gateway for Azure IoT and of captured presets."""
    talk = Talk()
    talk.field.enter(new_tag(), enters_s=0.0)
    antenna: dict[str, Any] = {
        "antennaName": "dock",
        "antennaPort": 1,
        "transmitPowerCdbm": 3000,
        "rfMode": 4,
        "inventorySession": 1,
        "inventorySearchMode": "dual-target",
        "estimatedTagPopulation": 2,
        "fastId": "disabled",
        "receiveSensitivityDbm": -80,
        "filtering": {"filters": [{"action": "include", "bitOffset": 32, "mask": "37", "tagMemoryBank": "epc"}], "filterLink": "union"},
        "powerSweeping": {"minimumPowerCdbm": 1000, "stepSizeCdb": 100},
        "tagAuthentication": {"messageHex": "00"},
        "protectedModePinHex": "1234ABCD",
        "tagAccessPasswordHex": "00000000",
        "tagAccessPasswordWriteHex": "1234ABCD",
        "tagSecurityModesWrite": {"protected": True},
    }
    events: dict[str, Any] = {"common": {"hostname": "enabled"}, "tagInventory": {"tagReporting": {"tagIdentifier": "epc"}}}
    assert talk.status(HttpRequest("PUT", f"{PRESETS}/mine", {"antennaConfigs": [antenna], "eventConfig": events})) == 201
    assert talk.status(HttpRequest("POST", f"{PRESETS}/mine/start")) == 204
    talk.listen(0.0)
    told = [json.loads(line) for line in talk.listen(1.0).splitlines()]
    names = {(event["hostname"], event["tagInventoryEvent"]["antennaName"]) for event in told if "tagInventoryEvent" in event}
    assert names == {("impinj-00-00-00", "dock")}


@pytest.mark.parametrize("way", ["http-stream", "mqtt", "kafka", "webhooks/event"])
def test_the_settings_of_its_ways_out_are_kept_and_shown(way: str) -> None:
    talk, path = Talk(), f"/api/v1/{way}"
    assert talk.ask(HttpRequest("GET", path)) == (200, b"{}")
    assert talk.status(HttpRequest("PUT", path, {"active": "yes"})) == 204
    assert talk.ask(HttpRequest("GET", f"{path}?pretty=1")) == (200, b'{"active": "yes"}')
    assert talk.rest.answer("PUT", path, b"[") == (400, b'{"message": "no settings: expected a JSON object"}')
    assert talk.status(HttpRequest("POST", path)) == 405


def test_it_has_one_profile() -> None:
    assert Talk().ask(HttpRequest("GET", "/api/v1/profiles")) == (200, b'["inventory"]')


def test_the_default_preset_reads_before_every_antenna() -> None:
    talk = Talk()
    for number in range(4):
        talk.field.enter(new_tag(number), enters_s=0.0, antenna=number + 1)
    assert talk.status(HttpRequest("POST", f"{PRESETS}/default/start")) == 204
    talk.listen(0.0)
    events = [json.loads(line) for line in talk.listen(1.0).splitlines()]
    assert {event["tagInventoryEvent"]["antennaPort"] for event in events if "tagInventoryEvent" in event} == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(HttpRequest("POST", f"{PRESETS}/other/start"), 404, id="start what was never kept"),
        pytest.param(HttpRequest("GET", f"{PRESETS}/other"), 404, id="show what was never kept"),
        pytest.param(HttpRequest("PUT", f"{PRESETS}/other", {"antennaConfigs": []}), 400, id="keep what is no profile"),
        pytest.param(HttpRequest("GET", f"{PRESETS}/default/start"), 405, id="start by looking"),
        pytest.param(HttpRequest("POST", f"{PRESETS}/default/other"), 404, id="no such act"),
        pytest.param(HttpRequest("POST", PRESETS), 405, id="post to the list"),
    ],
)
def test_presets_that_it_refuses(request_: HttpRequest, status: int) -> None:
    talk = Talk()
    assert talk.status(request_) == status
    assert not talk.reader.is_reading


def test_what_it_says_of_itself_is_what_the_door_reads() -> None:
    talk = Talk()
    status, system = talk.ask(get_status()), talk.ask(get_system())
    assert status is not None
    assert system is not None
    assert is_idle(status.body)
    assert model_of(system.body).startswith("R700")
    talk.ask(START)
    status = talk.ask(get_status())
    assert status is not None
    assert not is_idle(status.body)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(START, 409, id="a second start"),
        pytest.param(HttpRequest("GET", "/api/v1/profiles/stop"), 405, id="a wrong method"),
        pytest.param(HttpRequest("PUT", STREAM_PATH), 405, id="a wrong method for the stream"),
        pytest.param(HttpRequest("GET", "/api/v1/system/antennas"), 404, id="a path that it has not"),
    ],
)
def test_what_it_refuses_while_it_reads(request_: HttpRequest, status: int) -> None:
    talk = Talk()
    talk.ask(START)
    assert talk.status(request_) == status


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[", id="no JSON"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b"{}", id="no antennas"),
        pytest.param(b'{"antennaConfigs": []}', id="none of them"),
        pytest.param(b'{"antennaConfigs": [{"antennaPort": 5, "transmitPowerCdbm": 2000}]}', id="no fifth port"),
        pytest.param(b'{"antennaConfigs": [{"antennaPort": 1, "transmitPowerCdbm": 9000}]}', id="too much power"),
        pytest.param(b'{"antennaConfigs": [{"antennaPort": 1, "transmitPowerCdbm": 2000, "power": 1}]}', id="an unknown field"),
        pytest.param(b'{"antennaConfigs": [7]}', id="no antenna"),
        pytest.param(b'{"antennaConfigs": [{"antennaPort": 1}]}', id="no power"),
        pytest.param(b'{"antennaConfigs": [{"antennaPort": "1", "transmitPowerCdbm": 2000}]}', id="a port as text"),
        pytest.param(b'{"antennaConfigs": 7}', id="a number of antennas"),
        pytest.param(b'{"antennaConfigs": [{"antennaPort": 1, "transmitPowerCdbm": 2000}], "eventConfig": [1]}', id="events in an array"),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
def test_a_profile_that_is_none_is_refused_and_begins_nothing(body: bytes) -> None:
    talk = Talk()
    answer = talk.rest.answer("POST", START.path, body)
    assert answer is not None
    assert answer.status == 400
    assert not talk.reader.is_reading


def test_a_busy_one_answers_503_and_a_hung_one_nothing() -> None:
    assert Talk(refused=1.0).status(START) == 503
    assert Talk(unanswered=1.0).ask(START) is None
