"""From an address to an open line."""

from reader_agent.link_address import LinkAddress, SerialAddress
from reader_agent.links.link import Link
from reader_agent.links.serial_link import SerialLink
from reader_agent.links.tcp_link import TcpLink


def open_link(address: LinkAddress, default_baud: int) -> Link:
    """Open the line. Raises LinkLost or PortHeld."""
    if isinstance(address, SerialAddress):
        return SerialLink(address, default_baud)
    return TcpLink(address)
