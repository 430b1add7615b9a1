"""The doors of smart readers, for `ebike-reader simulate`: their own HTTP server, a broker's topic, a listener they post to."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from firmware_protocols.simulators.r700_rest import R700Rest
from firmware_protocols.simulators.reader import SimulatedReader
from firmware_protocols.simulators.smart import SmartReader
from reader_agent.door_address import Account as SignIn
from reader_agent.door_address import MqttAddress, parse_door
from reader_agent.door_rules import HTTP_FAMILY, MESSAGE_FAMILIES
from reader_agent.errors import LinkLost
from reader_agent.links.passwords import password_of
from reader_agent.reader_tool.http_line import Account, HttpLine
from reader_agent.reader_tool.lines import Line
from reader_agent.reader_tool.message_lines import MessageLine, Poster, Publisher
from reader_agent.reader_tool.open_line import listen_at, usable_certificate
from reader_agent.reader_tool.terminal import refuse


@dataclass(frozen=True, slots=True)
class Doors:
    """What the command line says of them; at most one of the first three."""

    http: str | None = None
    mqtt: str | None = None
    post: str | None = None
    account: str | None = None
    password_file: Path | None = None
    certificate: Path | None = None

    @property
    def is_any(self) -> bool:
        return any((self.http, self.mqtt, self.post))


def open_door(doors: Doors, family: str) -> Line:
    """Ends the program with a sentence if there is no such door."""
    if sum(map(bool, (doors.http, doors.mqtt, doors.post))) > 1:
        refuse("write one of --http, --mqtt and --post")
    if doors.http:
        if family != HTTP_FAMILY:
            refuse(f"--http: only {HTTP_FAMILY} readers have such a server")
        return _http_line(doors, doors.http)
    if family not in MESSAGE_FAMILIES:
        refuse(f"--mqtt, --post: only {' and '.join(MESSAGE_FAMILIES)} readers send messages")
    if doors.mqtt:
        publisher = Publisher(_broker(doors.mqtt))
        return MessageLine(doors.mqtt.partition("?")[0], publisher.deliver, publisher.break_off)
    return _post_line(doors, doors.post or "")


def serve(line: Line, reader: SimulatedReader) -> None:
    """A reader with a server of its own rests until it is told to read."""
    if isinstance(line, HttpLine) and isinstance(reader, SmartReader):
        line.rest = R700Rest(reader).answer


def _http_line(doors: Doors, place: str) -> HttpLine:
    def line(host: str, port: int) -> HttpLine:
        certificate = usable_certificate(doors.certificate.absolute(), host) if doors.certificate else None
        return HttpLine((host, port), _account(doors), certificate)

    return listen_at("--http", place, line)


def _post_line(doors: Doors, url: str) -> MessageLine:
    poster = Poster(_post_address(url), _account(doors))
    return MessageLine(url, poster.deliver, poster.break_off)


def _post_address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_meant = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_meant = False
    if not is_meant:
        refuse(f"--post {url}: write http://HOST:PORT/PATH, as the agent listens there")
    return parts


def _broker(url: str) -> MqttAddress:
    try:
        address = parse_door(url)
    except ValueError as error:
        refuse(f"--mqtt: {error}")
    if not isinstance(address, MqttAddress) or {"+", "#"} & set(address.topic):
        refuse("--mqtt: write mqtt://HOST:PORT/TOPIC with one topic")
    return address


def _account(doors: Doors) -> Account | None:
    if doors.account is None and doors.password_file is None:
        return None
    if doors.account is None or doors.password_file is None:
        refuse("write both --account and --password-file")
    try:
        return Account(doors.account, password_of(SignIn(doors.account, doors.password_file.absolute()), "--account"))
    except LinkLost as error:
        refuse(error.reason)
