"""From an address to an open line."""

from firmware_protocols.impinj_json.requests import LISTEN_ONLY, Visit
from reader_agent.door_address import HttpAddress, MqttAddress, WebhookAddress
from reader_agent.link_address import LinkAddress, SerialAddress
from reader_agent.links.http_link import HttpLink
from reader_agent.links.link import Link
from reader_agent.links.mqtt_link import MqttLink
from reader_agent.links.serial_link import SerialLink
from reader_agent.links.tcp_link import TcpLink
from reader_agent.links.tls_link import TlsLink
from reader_agent.links.webhook_link import WebhookLink
from reader_agent.tls_address import TlsAddress


def open_link(address: LinkAddress, default_baud: int, visit: Visit = LISTEN_ONLY) -> Link:
    """Open the line. `visit`: what a reader with an HTTP server of its own is asked beside its stream.

    Raises LinkLost, PortHeld, or ReaderRefused where the opening is itself a conversation.
    """
    match address:
        case SerialAddress():
            return SerialLink(address, default_baud)
        case TlsAddress():
            return TlsLink(address)
        case HttpAddress():
            return HttpLink(address, visit)
        case MqttAddress():
            return MqttLink(address)
        case WebhookAddress():
            return WebhookLink(address)
        case _:
            return TcpLink(address)
