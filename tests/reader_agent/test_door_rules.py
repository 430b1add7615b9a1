"""What a configuration may ask of a smart reader at its door."""

from pathlib import Path
from typing import Any

import pytest

from firmware_protocols.impinj_json.requests import LISTEN_ONLY
from reader_agent.config import AgentConfig, ConfigWrong, parse_config
from reader_agent.door_rules import visit_for
from reader_agent.surroundings import look_around

HTTPS = "https://192.0.2.30?account=root&password_env=R700"
MQTT = "mqtt://broker/zebra/fx1/#"
WEBHOOK = "webhook://0.0.0.0:8081/gate-3"


def config_of(**reader: Any) -> AgentConfig:
    lanes = {"in": "towards the market", "out": "from the market"}
    raw = {
        "authority": "kcc",
        "checkpoint": "pti-more",
        "agent": "pti-more-1",
        "key_file": "/k",
        "data_dir": "/d",
        "broker": {"url": "mqtt://broker"},
        "lanes": lanes,
        "readers": [{"name": "gate-3", "antennas": {"1": "in", "2": "out"}} | reader],
    }
    return parse_config(raw, Path("agent.toml"))


@pytest.mark.parametrize(
    ("family", "url", "more"),
    [
        pytest.param("impinj-json", HTTPS, {"power_dbm": 27.5}, id="R700 over HTTPS"),
        pytest.param("impinj-json", MQTT, {}, id="R700 over MQTT"),
        pytest.param("impinj-json", WEBHOOK, {"lost_after_s": 30}, id="R700 posts"),
        pytest.param("zebra-json", MQTT, {"lost_after_s": 60.0}, id="Zebra over MQTT"),
        pytest.param("zebra-json", WEBHOOK, {}, id="Zebra posts"),
        pytest.param("zebra-json", "tcp://192.0.2.31:5555", {}, id="Zebra over TCP"),
    ],
)
def test_what_goes_together(family: str, url: str, more: dict[str, object]) -> None:
    config_of(family=family, url=url, **more)


@pytest.mark.parametrize(
    ("family", "url", "more", "problem"),
    [
        pytest.param(
            "zebra-json", HTTPS, {}, 'family = "zebra-json": only impinj-json.*write url as mqtt://BROKER/TOPIC', id="Zebra, HTTPS"
        ),
        pytest.param("r2000", HTTPS, {}, "only impinj-json readers stream over HTTP; write url as tcp://", id="a board over HTTPS"),
        pytest.param("r2000", MQTT, {}, 'url = "mqtt://broker:1883/zebra/fx1/#": only impinj-json and zebra-json', id="a board over MQTT"),
        pytest.param(
            "keyboard", WEBHOOK, {"antennas": {"1": "in"}}, "only impinj-json and zebra-json readers send messages", id="a keyboard"
        ),
        pytest.param("impinj-json", HTTPS, {"power_dbm": 35.0}, "power_dbm = 35.0: .*expected 0 to 33", id="too much power"),
        pytest.param("impinj-json", HTTPS, {"antennas": {"5": "in"}}, 'antennas = "5": .*ports from 1 to 4', id="no fifth port"),
        pytest.param("impinj-json", HTTPS, {"region": "eu"}, 'region = "eu": .*on the reader\'s own web page', id="a region"),
        pytest.param("zebra-json", MQTT, {"power_dbm": 20.0}, "power_dbm = 20.0: .*takes no commands", id="power where nobody listens"),
        pytest.param("r2000", "tcp://h:1", {"lost_after_s": 5}, "lost_after_s = 5.0: r2000 readers are asked", id="who is asked anyhow"),
        pytest.param("zebra-json", MQTT, {"lost_after_s": 0.1}, "lost_after_s = 0.1: write a number from 1 to 86400", id="no time at all"),
        pytest.param("impinj-json", "https://root:secret@r700", {}, 'url = "…": a URL is shown in logs', id="a password in the URL"),
    ],
)
def test_what_does_not_is_named_with_a_remedy(family: str, url: str, more: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigWrong, match=f"readers.gate-3.*{problem}") as raised:
        config_of(family=family, url=url, **more)
    assert "secret" not in str(raised.value)


def test_two_listeners_on_one_port_are_a_conflict() -> None:
    raw = {"readers": [{"name": name, "url": f"webhook://0.0.0.0:8081/{name}"} for name in ("one", "two")]}
    with pytest.raises(ConfigWrong, match="reader one already uses this port"):
        parse_config(raw, Path("agent.toml"))


def test_two_topics_of_one_broker_are_none() -> None:
    raw = {"readers": [{"name": name, "url": f"mqtt://broker/{name}"} for name in ("one", "two")]}
    with pytest.raises(ConfigWrong) as raised:
        parse_config(raw, Path("agent.toml"))
    assert "already uses" not in str(raised.value)


def test_an_r700_is_asked_for_the_configured_ports_and_power() -> None:
    (reader,) = config_of(family="impinj-json", url=HTTPS, power_dbm=27.5).readers
    _, start = visit_for(reader.link, reader.wishes).begin
    assert start.body is not None
    antennas = start.body["antennaConfigs"]
    assert isinstance(antennas, list)
    assert [(each["antennaPort"], each["transmitPowerCdbm"]) for each in antennas if isinstance(each, dict)] == [(1, 2750), (2, 2750)]


def test_who_cannot_be_asked_is_only_listened_to() -> None:
    (reader,) = config_of(family="zebra-json", url=MQTT).readers
    assert visit_for(reader.link, reader.wishes) == LISTEN_ONLY


@pytest.mark.parametrize(
    ("content", "rights", "findings"),
    [
        pytest.param("impinj\n", 0o640, [], id="a password of our own"),
        pytest.param("impinj\n", 0o644, [("everybody may read it", True)], id="one for everybody"),
        pytest.param("\n", 0o640, [("is empty", True)], id="none in the file"),
        pytest.param(None, 0, [("No such file or directory; write the password into that file", True)], id="no file"),
    ],
)
def test_check_looks_at_the_passwords_of_readers(
    tmp_path: Path, content: str | None, rights: int, findings: list[tuple[str, bool]]
) -> None:
    file = tmp_path / "r700.password"
    if content is not None:
        file.write_text(content)
        file.chmod(rights)
    config = config_of(family="impinj-json", url=f"https://192.0.2.30?account=root&password_file={file}")
    found = [finding for finding in look_around(config, tmp_path / "agent.toml") if finding.key == "readers.gate-3.url"]
    assert [finding.is_fault for finding in found] == [is_fault for _, is_fault in findings]
    assert all(says in finding.text for finding, (says, _) in zip(found, findings, strict=True))


def test_a_password_from_the_environment_may_be_that_of_the_service(tmp_path: Path) -> None:
    config = config_of(family="impinj-json", url="https://192.0.2.30?account=root&password_env=NOT_HERE")
    (finding,) = [each for each in look_around(config, tmp_path / "agent.toml") if each.key == "readers.gate-3.url"]
    assert not finding.is_fault
