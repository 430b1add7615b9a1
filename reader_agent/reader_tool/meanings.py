"""What a tag's numbers say of themselves, for people who hold a stranger's tag: whose numbering the EPC is of, which chip the TID names."""

from dataclasses import asdict
from typing import Any

from firmware_protocols.as_json import event_to_json
from firmware_protocols.events import Event, Reply, TagSeen
from firmware_protocols.tid import find_tid_facts
from schemas.epc import ClosedEpc, Epc, PcWord
from schemas.errors import ContractError
from schemas.tag_data import find_tag_data

Told = dict[str, Any]


def find_numbering(epc: bytes, pc: int | None = None) -> Told | None:
    """Ours with its fields, GS1's with its tag URI; None for any other number."""
    try:
        number, pc_word = Epc(epc), None if pc is None else PcWord(pc)
    except ContractError:  # a tag without an EPC, or a reader that cut it
        return None
    ours = ClosedEpc.find_in(number)
    if ours is not None:
        return {"scheme": "ebike", "authority": ours.authority, "serial": ours.serial, "issue": ours.issue}
    gs1 = find_tag_data(number, pc_word)
    return None if gs1 is None else {"scheme": gs1.NAME, "uri": gs1.tag_uri}


def find_chip(tid: bytes) -> Told | None:
    """Maker, model, serial and what else the XTID tells, without what it leaves open; None if the bytes are no TID of class E2."""
    facts = find_tid_facts(tid)
    if facts is None:
        return None
    told = {name: value for name, value in asdict(facts).items() if value is not None}
    if facts.serial is not None:
        told |= {"serial": facts.serial.hex(), "stid": facts.stid_uri}
    return told


def in_words(numbering: Told) -> str:
    if "uri" in numbering:
        return f"the EPC is of GS1's numbering: {numbering['uri']}"
    return "the EPC has our form: authority {authority}, serial {serial}, issue {issue}".format(**numbering)


def event_with_meaning(event: Event) -> Told:
    """The event's JSON; a tag whose numbering is known has it beside its EPC."""
    told: Told = {**event_to_json(event)}
    if isinstance(event, TagSeen):
        return told | _meaning_of(event)
    if isinstance(event, Reply) and event.tag is not None:
        return told | {"tag": told["tag"] | _meaning_of(event.tag)}
    return told


def _meaning_of(tag: TagSeen) -> Told:
    numbering = find_numbering(tag.epc, tag.pc)
    return {} if numbering is None else {"numbering": numbering}
