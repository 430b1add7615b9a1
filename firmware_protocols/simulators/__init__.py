"""Simulated readers: what a reader would answer, on the same bytes, before a field of tags that can be read, written and locked."""

from firmware_protocols.simulators.families import SIMULATED_FAMILIES, simulator_for
from firmware_protocols.simulators.faults import NO_FAULTS, LineFaults
from firmware_protocols.simulators.reader import ReaderOptions, SimulatedReader
from firmware_protocols.simulators.simulated_tag import SimulatedTag, TagRefused, WrongPassword
from firmware_protocols.simulators.tag_field import CLEAN_AIR, NORMAL_AIR, Answer, FirstAnswer, RadioConditions, TagField

__all__ = [
    "CLEAN_AIR",
    "NORMAL_AIR",
    "NO_FAULTS",
    "SIMULATED_FAMILIES",
    "Answer",
    "FirstAnswer",
    "LineFaults",
    "RadioConditions",
    "ReaderOptions",
    "SimulatedReader",
    "SimulatedTag",
    "TagField",
    "TagRefused",
    "WrongPassword",
    "simulator_for",
]
