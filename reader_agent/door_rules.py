"""Which reader may tell through which door, and what a reader with an HTTP server of its own is asked there. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from firmware_protocols.catalogue import ALL_FAMILIES
from firmware_protocols.commands import Command, Region, SetAntennas, SetPower, SetRegion
from firmware_protocols.errors import ProtocolError
from firmware_protocols.impinj_json.requests import LISTEN_ONLY, Visit, visit
from firmware_protocols.impinj_json.tables import FAMILY
from firmware_protocols.zebra_json.tables import FAMILY as ZEBRA_FAMILY
from reader_agent.door_address import HttpAddress, MqttAddress, WebhookAddress
from reader_agent.link_address import LinkAddress

HTTP_FAMILY = FAMILY
MESSAGE_FAMILIES = (HTTP_FAMILY, ZEBRA_FAMILY)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a reader is to read, as far as that is configured."""

    ports: tuple[int, ...]
    region: Region | None = None
    power_dbm: float | None = None
    lost_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Misuse:
    """A setting of a reader that does not go with its family and its door."""

    key: str
    value: object
    remedy: str


def visit_for(link: LinkAddress, wishes: Wishes) -> Visit:
    """What is asked beside the stream. Raises ProtocolError for wishes that `find_misuse` reports."""
    if not isinstance(link, HttpAddress):
        return LISTEN_ONLY
    return visit([command for _, _, command in settings_of(wishes)])


def find_misuse(family: str, link: LinkAddress, wishes: Wishes) -> Iterator[Misuse]:
    """Whatever could not work, found before a reader is there."""
    if isinstance(link, HttpAddress):
        yield from _misuse_of_http(family, wishes)
    elif isinstance(link, MqttAddress | WebhookAddress) and family not in MESSAGE_FAMILIES:
        yield Misuse("url", link.url, f"only {' and '.join(MESSAGE_FAMILIES)} readers send messages; write tcp://… or serial://…")
    if wishes.lost_after_s is not None and ALL_FAMILIES[family].takes_commands:
        yield Misuse("lost_after_s", wishes.lost_after_s, f"{family} readers are asked whether they live; remove it")


def _misuse_of_http(family: str, wishes: Wishes) -> Iterator[Misuse]:
    if family != HTTP_FAMILY:
        forms = "mqtt://BROKER/TOPIC or webhook://0.0.0.0:8081/PATH" if family == ZEBRA_FAMILY else "tcp://… or serial://…"
        yield Misuse("family", family, f"only {HTTP_FAMILY} readers stream over HTTP; write url as {forms}")
        return
    for key, value, command in settings_of(wishes):
        try:
            visit([command])
        except ProtocolError as error:
            yield Misuse(key, value, str(error))


def settings_of(wishes: Wishes) -> Iterator[tuple[str, object, Command]]:
    """Each by its key in the configuration: the value as it stands there, and the command that asks for it."""
    yield "antennas", ", ".join(map(str, wishes.ports)), SetAntennas(wishes.ports)
    if wishes.power_dbm is not None:
        yield "power_dbm", wishes.power_dbm, SetPower(wishes.power_dbm)
    if wishes.region is not None:
        yield "region", str(wishes.region), SetRegion(wishes.region)
