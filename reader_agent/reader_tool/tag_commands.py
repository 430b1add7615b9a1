"""`ebike-reader read`, `write-epc`, `lock` and `set-password`: one tag before one reader."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.markup import escape

from firmware_protocols.catalogue import codec_for
from firmware_protocols.commands import Bank, LockAction, LockTag, ReadBank, Region, SetAccessPassword, WriteEpc
from firmware_protocols.errors import ProtocolError
from firmware_protocols.gen2 import MAX_EPC_WORDS, pc_with_epc_size
from reader_agent.clock import SystemClock
from reader_agent.errors import AgentError
from reader_agent.reader_tool.meanings import Told, find_chip, find_numbering, in_words
from reader_agent.reader_tool.passwords import find_password
from reader_agent.reader_tool.tag_access import Place, TagDesk, TagRefused, at_reader
from reader_agent.reader_tool.terminal import FAILED, AsJson, FamilyOption, Url, address_or_exit, conversing_or_exit, err, out, refuse
from reader_agent.reader_tool.values import BadValue, option_name, parse_value

ACCESS, NEW_ACCESS = "EBIKE_ACCESS_PASSWORD", "EBIKE_NEW_ACCESS_PASSWORD"
Epc = Annotated[str | None, typer.Option("--epc", help="The tag that is meant; without it, the only one that answers.")]
AsksPassword = Annotated[bool, typer.Option("--password", help=f"Ask for the access password. Else it is taken from {ACCESS}, or is zero.")]
PasswordFile = Annotated[Path | None, typer.Option(help="A file that holds the access password, eight hex digits.")]
Antenna = Annotated[int, typer.Option(min=1, help="The port whose antenna the tag lies before.")]
Power = Annotated[float | None, typer.Option(help="Set this power first; low power keeps other tags out.")]
TheRegion = Annotated[
    str | None,
    typer.Option("--region", help=f"Set this region first: {', '.join(Region)}. A ThingMagic module forgets its own with the supply."),
]
Lock = Annotated[str | None, typer.Option(help="open, needs-password, open-forever or closed-forever.")]
MADE_PERMANENT = {LockAction.OPEN: LockAction.OPEN_FOREVER, LockAction.NEEDS_PASSWORD: LockAction.CLOSED_FOREVER}
IN_WORDS = {
    LockAction.OPEN: "open",
    LockAction.OPEN_FOREVER: "open for good",
    LockAction.NEEDS_PASSWORD: "closed without the access password",
    LockAction.CLOSED_FOREVER: "closed for good",
}
LOCK_FIELDS = ("kill_password", "access_password", "epc_bank", "tid_bank", "user_bank")
Value = TypeVar("Value")


def read(  # noqa: PLR0913 — each option of the command is a parameter
    url: Url,
    family: FamilyOption,
    *,
    bank: Annotated[str, typer.Option(help="reserved, epc, tid or user.")] = "tid",
    address: Annotated[int, typer.Option(min=0, help="The first word.")] = 0,
    words: Annotated[int | None, typer.Option(min=1, max=255, help="How many words of two bytes; 6, or 2 of a user bank.")] = None,
    epc: Epc = None,
    asks_password: AsksPassword = False,
    password_file: PasswordFile = None,
    antenna: Antenna = 1,
    power_dbm: Power = None,
    region: TheRegion = None,
    as_json: AsJson = False,
) -> None:
    """Read words of one tag's memory and print them as hex."""
    place, wanted = _place(url, family, antenna, power_dbm, region), _hex_or_none("--epc", epc)
    chosen_bank = _value("bank", Bank, bank)
    password = find_password(password_file, ACCESS, asks=asks_password, prompt="Access password") or 0
    count = words or {Bank.USER: 2, Bank.RESERVED: 4}.get(chosen_bank, 6)

    def work(desk: TagDesk) -> tuple[str, Told]:
        tag = desk.choose(wanted)
        data = desk.read(ReadBank(chosen_bank, address, count, password, tag or None))
        meaning = {"numbering": find_numbering(tag), "chip": find_chip(data) if (chosen_bank, address) == (Bank.TID, 0) else None}
        if not as_json and meaning["numbering"]:
            err.print(escape(in_words(meaning["numbering"])))
        known = {name: said for name, said in meaning.items() if said is not None}
        return data.hex(), {"epc": tag.hex(), "bank": chosen_bank.name.lower(), "data": data.hex(), **known}

    _do(place, "read", work, as_json=as_json)


def write_epc(  # noqa: PLR0913 — each option of the command is a parameter
    url: Url,
    family: FamilyOption,
    new_epc: Annotated[str, typer.Argument(metavar="NEW_EPC", help="The number to write, in hex, whole words of four digits.")],
    *,
    pc: Annotated[str | None, typer.Option(help="The PC word, four hex digits; else the one that fits the length.")] = None,
    epc: Epc = None,
    asks_password: AsksPassword = False,
    password_file: PasswordFile = None,
    antenna: Antenna = 1,
    power_dbm: Power = None,
    region: TheRegion = None,
    as_json: AsJson = False,
) -> None:
    """Write a tag's number and read it back. Where several tags answer, name the one with --epc."""
    place, old = _place(url, family, antenna, power_dbm, region), _hex_or_none("--epc", epc)
    new = _hex("NEW_EPC", new_epc)
    if not new or len(new) % 2 or len(new) > 2 * MAX_EPC_WORDS:
        refuse(f"NEW_EPC: expected 1 to {MAX_EPC_WORDS} words of four hex digits, found {len(new)} bytes")
    new_pc = pc_with_epc_size(0, len(new)) if pc is None else _value("pc", int, pc)
    password = find_password(password_file, ACCESS, asks=asks_password, prompt="Access password") or 0

    def work(desk: TagDesk) -> tuple[str, Told]:
        tag = desk.choose(old)
        desk.write_epc(WriteEpc(new, new_pc, password, tag or None))
        return f"written and read back: {_name(tag)} is now {new.hex()}", {"epc": new.hex(), "epc_before": tag.hex()}

    _do(place, "write-epc", work, as_json=as_json)


def lock(  # noqa: PLR0913 — each option of the command is a parameter
    url: Url,
    family: FamilyOption,
    *,
    epc_bank: Lock = None,
    tid_bank: Lock = None,
    user_bank: Lock = None,
    access_password: Lock = None,
    kill_password: Lock = None,
    is_permanent: Annotated[bool, typer.Option("--permanent", help="What is asked for can never be changed again.")] = False,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask before what is permanent.")] = False,
    epc: Epc = None,
    password_file: PasswordFile = None,
    antenna: Antenna = 1,
    power_dbm: Power = None,
    region: TheRegion = None,
    as_json: AsJson = False,
) -> None:
    """Change a tag's locks. Needs its access password, which must not be zero: set one first with set-password."""
    place, wanted = _place(url, family, antenna, power_dbm, region), _hex_or_none("--epc", epc)
    texts = dict(zip(LOCK_FIELDS, (kill_password, access_password, epc_bank, tid_bank, user_bank), strict=True))
    actions = {name: _value(name, LockAction, text) for name, text in texts.items() if text is not None}
    if not actions:
        refuse(f"name what to lock: {', '.join('--' + option_name(name) for name in LOCK_FIELDS)}")
    if is_permanent:
        actions = {name: MADE_PERMANENT.get(action, action) for name, action in actions.items()}
    told = "; ".join(f"{name.replace('_', ' ')} {IN_WORDS[action]}" for name, action in actions.items())
    password = find_password(password_file, ACCESS, asks=True, prompt="Access password")
    if not password:
        refuse("a lock means nothing while the access password is zero; set one with `ebike-reader set-password` first")
    if any(action & LockAction.OPEN_FOREVER for action in actions.values()) and not is_sure:
        typer.confirm(f"This can never be taken back: {told}. Go on?", abort=True, err=True)

    def work(desk: TagDesk) -> tuple[str, Told]:
        tag = desk.choose(wanted)
        desk.act("lock the tag", LockTag(password, **actions, epc=tag or None))
        return f"the tag {_name(tag)} has confirmed: {told}", {"epc": tag.hex(), **{name: a.name.lower() for name, a in actions.items()}}

    _do(place, "lock", work, as_json=as_json)


def set_password(  # noqa: PLR0913 — each option of the command is a parameter
    url: Url,
    family: FamilyOption,
    *,
    new_password_file: Annotated[
        Path | None, typer.Option(help=f"A file that holds the new password; else {NEW_ACCESS} or a prompt.")
    ] = None,
    epc: Epc = None,
    asks_password: AsksPassword = False,
    password_file: PasswordFile = None,
    antenna: Antenna = 1,
    power_dbm: Power = None,
    region: TheRegion = None,
    as_json: AsJson = False,
) -> None:
    """Set a tag's access password. Until the password itself is locked, anybody near can read it: lock it next."""
    place, wanted = _place(url, family, antenna, power_dbm, region), _hex_or_none("--epc", epc)
    password = find_password(password_file, ACCESS, asks=asks_password, prompt="Present access password") or 0
    new = find_password(new_password_file, NEW_ACCESS, asks=True, prompt="New access password", confirm=True)
    if not new:
        refuse("the new access password must not be zero: a tag with a zero password obeys everybody")

    def work(desk: TagDesk) -> tuple[str, Told]:
        tag = desk.choose(wanted)
        is_checked = desk.set_password(SetAccessPassword(new, password, tag or None))
        how = "set and read back" if is_checked else "set; the tag does not let it be read back"
        return f"the access password of {_name(tag)} is {how}", {"epc": tag.hex(), "read_back": is_checked}

    _do(place, "set-password", work, as_json=as_json)


def _do(place: Place, command: str, work: Callable[[TagDesk], tuple[str, Told]], *, as_json: bool) -> None:
    try:
        with at_reader(place, SystemClock()) as desk:
            sentence, told = work(desk)
    except AgentError as error:
        if as_json:
            status = error.status if isinstance(error, TagRefused) else None
            typer.echo(json.dumps({"command": command, "done": False, "status": status, "reason": str(error)}, ensure_ascii=False))
        refuse(str(error), FAILED)
    if as_json:
        typer.echo(json.dumps({"command": command, "done": True, **told}))
    else:
        out.print(escape(sentence))


def _name(tag: bytes) -> str:
    return tag.hex() or "(without an EPC)"


def _place(url: str, family: str, antenna: int, power_dbm: float | None, region: str | None) -> Place:
    facts = conversing_or_exit(family)
    # Who names a port beyond the usual ones has a reader with more: they come with 8, 16 and so on.
    ports = None if antenna <= facts.antenna_ports else 1 << (antenna - 1).bit_length()
    try:
        codec_for(facts.name, antenna_ports=ports)
    except ProtocolError as error:
        refuse(f"--antenna {antenna}: {error}")
    wanted = None if region is None else _value("region", Region, region)
    return Place(address_or_exit(url), facts.name, antenna, power_dbm, ports, wanted)


def _hex_or_none(name: str, text: str | None) -> bytes | None:
    return None if text is None else _hex(name, text)


def _hex(name: str, text: str) -> bytes:
    data: bytes = _value(name, bytes, text)
    return data


def _value(name: str, kind: type[Value], text: str) -> Value:
    try:
        value: Value = parse_value(name, kind, text)
    except BadValue as error:
        refuse(str(error))
    return value
