"""`ebike-reader encode`: words in, the codec's own frames out."""

import json

import pytest
from typer.testing import CliRunner

from firmware_protocols.catalogue import FAMILIES, codec_for
from firmware_protocols.commands import Bank, Command, LockAction, LockTag, ReadBank, Region, SetAntennas, SetOutput, SetRegion, WriteEpc
from firmware_protocols.errors import ProtocolError
from reader_agent.reader_tool.commands import app
from reader_agent.reader_tool.encode import COMMANDS, BadCommand, parse_command
from reader_agent.reader_tool.values import options_of

EPC = bytes.fromhex("e28011700000020f1a2b3c4d")
ROWS: list[tuple[str, Command]] = [
    ("read-bank --bank tid --word-address 0 --word-count 6", ReadBank(Bank.TID, 0, 6)),
    (
        f"read-bank --bank=TID --word-address=0x0 --word-count=6 --password 11223344 --epc {EPC.hex()}",
        ReadBank(Bank.TID, 0, 6, 0x11223344, EPC),
    ),
    (f"write-epc --new-epc {EPC.hex()}", WriteEpc(EPC, 0x3000)),
    (f"write-epc --new-epc {EPC.hex()} --new-pc 31a0", WriteEpc(EPC, 0x31A0)),
    ("set-antennas --ports 1,3", SetAntennas((1, 3))),
    ("set-region --region china_900", SetRegion(Region.CHINA_900)),
    ("set-output --port 3 --is-high", SetOutput(3, is_high=True)),
    ("set-output --is-high off --port 3", SetOutput(3, is_high=False)),
    (
        "lock-tag --password 11223344 --epc-bank needs-password --kill-password closed-forever",
        LockTag(0x11223344, kill_password=LockAction.CLOSED_FOREVER, epc_bank=LockAction.NEEDS_PASSWORD),
    ),
]


@pytest.mark.parametrize(("words", "command"), ROWS, ids=[row[0][:40] for row in ROWS])
def test_words_are_the_command_that_they_say(words: str, command: Command) -> None:
    name, *options = words.split()
    assert parse_command(name, options) == command


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param("frobnicate", "no command 'frobnicate'; known are get-info", id="unknown command"),
        pytest.param("read-bank --bank tid", "needs --word-address a whole number, --word-count a whole number", id="something missing"),
        pytest.param("read-bank --bnk tid", "expected one of bank, word-address", id="unknown option"),
        pytest.param("get-info --epc 11", "expected none, found 'epc'", id="an option where there is none"),
        pytest.param("read-bank --bank foo", "bank: expected reserved|epc|tid|user, found 'foo'", id="no such bank"),
        pytest.param("read-bank --bank", "bank: expected reserved|epc|tid|user, found 'nothing'", id="a value left out"),
        pytest.param("read-bank bank tid", "option: expected --NAME VALUE, found 'bank'", id="no option"),
        pytest.param("write-epc --new-epc e28", "new-epc: expected hex, found 'e28'", id="half a byte"),
        pytest.param("set-output --port 1 --port 2", "port: expected it once", id="twice"),
        pytest.param("set-antennas --ports a", "ports: expected whole numbers", id="no number"),
    ],
)
def test_what_is_no_command_is_told(words: str, says: str) -> None:
    name, *options = words.split()
    with pytest.raises(BadCommand) as refused:
        parse_command(name, options)
    assert says in str(refused.value)


def test_a_password_that_is_none_is_not_repeated() -> None:
    with pytest.raises(BadCommand) as refused:
        parse_command("lock-tag", ["--password", "secret99x", "--epc-bank", "open"])
    assert "password: expected 8 hex digits" in str(refused.value)
    assert "secret99x" not in str(refused.value)


def test_every_command_has_a_name_and_every_option_an_expectation() -> None:
    assert {"get-info", "start-inventory", "read-bank", "write-epc", "lock-tag"} <= set(COMMANDS)
    assert all(takes for kind in COMMANDS.values() for takes in options_of(kind).values())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("words", "command"), ROWS, ids=[row[0][:40] for row in ROWS])
def test_the_frames_are_the_codecs_or_its_refusal(family: str, words: str, command: Command) -> None:
    done = CliRunner().invoke(app, ["encode", family, *words.split()])
    frames, refusal = encoded(family, command)
    assert (done.exit_code, done.stdout.split()) == (2 if refusal else 0, frames)
    assert refusal in done.stderr


def encoded(family: str, command: Command) -> tuple[list[str], str]:
    try:
        return [frame.hex() for frame in codec_for(family).encode(command)], ""
    except ProtocolError as error:
        return [], str(error)


def test_json_and_the_address() -> None:
    done = CliRunner().invoke(app, ["encode", "r2000", "get-info", "--address", "5", "--json"])
    assert json.loads(done.stdout) == {"family": "r2000", "command": "get-info", "frames": ["a0030572e6"]}


def test_what_the_family_may_be_told() -> None:
    done = CliRunner().invoke(app, ["encode", "chafon", "start-inventory", "--option", "model=ex10"])
    assert done.stdout.split() == ["05ff50007278"]  # 50: the inventory that only this generation has


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["m300", "get-info"], "no reader family 'm300'", id="unknown family"),
        pytest.param(["keyboard", "get-info"], "keyboard readers only tell what they see", id="a family that takes no commands"),
        pytest.param(["m100", "get-info", "--address", "1"], "the frames carry no address", id="no address"),
        pytest.param(["chafon", "get-info", "--option", "model"], "--option model: write KEY=VALUE", id="an option without a value"),
        pytest.param(["chafon", "get-info", "--option", "model=289"], '--option model=289: write one of "', id="no such model"),
    ],
)
def test_wrong_use_is_told_and_exits_2(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(app, ["encode", *arguments])
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        pytest.param("stop-inventory", ["POST /api/v1/profiles/stop"], id="without a body"),
        pytest.param("get-info", ["GET /api/v1/system"], id="a question"),
        pytest.param(
            "set-power --power-dbm 20", ['POST /api/v1/profiles/inventory/start {"antennaConfigs": [{'], id="a start that brings it"
        ),
    ],
)
def test_of_an_r700_the_http_requests_are_printed(words: str, lines: list[str]) -> None:
    done = CliRunner().invoke(app, ["encode", "impinj-json", *words.split()])
    printed = done.stdout.splitlines()
    assert done.exit_code == 0
    assert len(printed) == len(lines)
    assert all(line.startswith(beginning) for line, beginning in zip(printed, lines, strict=True))


def test_the_http_requests_as_json() -> None:
    done = CliRunner().invoke(app, ["encode", "impinj-json", "set-antennas", "--ports", "2,3", "--json"])
    told = json.loads(done.stdout)
    (request,) = told.pop("requests")
    assert told == {"family": "impinj-json", "command": "set-antennas"}
    assert [antenna["antennaPort"] for antenna in request["body"]["antennaConfigs"]] == [2, 3]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["impinj-json", "set-region", "--region", "eu"], "set it on the reader's own web page", id="an R700's region"),
        pytest.param(["impinj-json", "get-info", "--address", "1"], "address", id="an R700 has no address"),
        pytest.param(["zebra-json", "get-info"], "only tell what they see and take no commands", id="one that only tells"),
    ],
)
def test_what_cannot_be_asked_is_refused(words: list[str], says: str) -> None:
    done = CliRunner().invoke(app, ["encode", *words])
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr.replace("\n", " ")


def test_help_asks_for_no_more_than_is_needed() -> None:
    done = CliRunner().invoke(app, ["encode", "--help"])
    assert "write-epc --new-epc hex [--new-pc 4 hex digits]" in " ".join(done.stdout.split())
