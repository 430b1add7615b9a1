"""What a ThingMagic module does to one tag: read, write, lock, kill (MercuryAPI, serial_reader_l3.c: TMR_SR_msgAddGEN2…)."""

from collections.abc import Callable
from typing import NamedTuple

from firmware_protocols.commands import Bank
from firmware_protocols.gen2 import lock_changes, pc_with_epc_size
from firmware_protocols.simulators.simulated_tag import SimulatedTag, TagRefused, WrongPassword
from firmware_protocols.simulators.thingmagic_requests import DataRead, Fields, Refused, Selection, TagOption, take_option, take_selection
from firmware_protocols.thingmagic.tables import Code, Opcode, Select


class Act(NamedTuple):
    """Which tag is meant, and what is done to it. `do` raises TagRefused or WrongPassword."""

    selection: Selection
    do: Callable[[SimulatedTag], object]


def read_words(read: DataRead, tag: SimulatedTag) -> bytes:
    """Raises TagRefused or WrongPassword."""
    return tag.read(read.bank, read.address, read.count, password=read.selection.password)


def read_if_it_can(read: DataRead | None, tag: SimulatedTag) -> bytes:
    """What a search reads of each tag on its way: nothing, where the tag refuses."""
    try:
        return read_words(read, tag) if read else b""
    except (TagRefused, WrongPassword):
        return b""


def parse_act(opcode: Opcode, data: bytes) -> Act:
    fields = Fields(data)
    fields.take(2)  # how long to look for the tag
    option = take_option(fields)
    if opcode is Opcode.WRITE_BANK:
        return _write(fields, option)
    if opcode is Opcode.WRITE_EPC:
        return _write_epc(fields, option)
    password = fields.number(4)
    if opcode is Opcode.LOCK_TAG:
        changes = lock_changes((fields.number(2) << 10 | fields.number(2)).to_bytes(4)[1:])
        return Act(take_selection(fields, option, has_password=False), lambda tag: tag.lock(changes, password=password))
    fields.take(1)
    return Act(take_selection(fields, option, has_password=False), lambda tag: tag.kill(password))


def _write(fields: Fields, option: TagOption) -> Act:
    address, bank = fields.number(4), Bank(fields.number() & 0b11)
    selection = take_selection(fields, option)
    words = _whole_words(fields)
    return Act(selection, lambda tag: tag.write(bank, address, words, password=selection.password))


def _write_epc(fields: Fields, option: TagOption) -> Act:
    """The module itself sets the length bits of the PC word."""
    selection = take_selection(fields, option)
    if option.bits == Select.NONE:
        fields.take(1)
    epc = _whole_words(fields)

    def write(tag: SimulatedTag) -> None:
        pc = pc_with_epc_size(tag.pc, len(epc)).to_bytes(2)
        tag.write(Bank.EPC, 1, pc + epc, password=selection.password)

    return Act(selection, write)


def _whole_words(fields: Fields) -> bytes:
    words = fields.rest()
    if not words or len(words) % 2:
        raise Refused(Code.WRONG_DATA_COUNT)
    return words
