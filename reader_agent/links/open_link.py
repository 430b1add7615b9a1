"""From an address to an open line."""

from reader_agent.link_address import LinkAddress, SerialAddress
from reader_agent.links.link import Link
from reader_agent.links.serial_link import SerialLink
from reader_agent.links.tcp_link import TcpLink
from reader_agent.links.tls_link import TlsLink
from reader_agent.tls_address import TlsAddress


def open_link(address: LinkAddress, default_baud: int) -> Link:
    """Open the line. Raises LinkLost or PortHeld."""
    if isinstance(address, SerialAddress):
        return SerialLink(address, default_baud)
    if isinstance(address, TlsAddress):
        return TlsLink(address)
    return TcpLink(address)
