"""How long the next attempt to sign in waits. Pure.

Failures are counted by name and address together, so that a stranger elsewhere never locks an officer out; and by address alone,
far more generously because an office shares one, so that trying one password on many names becomes slow too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

WINDOW = timedelta(minutes=15)
FREE_PER_NAME, FREE_PER_ADDRESS = 5, 50
MAX_PER_NAME, MAX_PER_ADDRESS = timedelta(minutes=5), timedelta(seconds=30)
IPV6_PREFIX = 64  # what one subscriber is given at least (RFC 6177): each holds more addresses than there are guesses
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures within the window, and when the last one was."""

    with_name: int
    with_name_last: datetime | None
    at_address: int
    at_address_last: datetime | None


def wait(failures: Failures, now: datetime) -> timedelta:
    """What is left of the pause; zero if an attempt may be made now. The pause doubles with each failure past the free ones."""
    return max(
        _left(_pause(failures.with_name, FREE_PER_NAME, MAX_PER_NAME), failures.with_name_last, now),
        _left(_pause(failures.at_address, FREE_PER_ADDRESS, MAX_PER_ADDRESS), failures.at_address_last, now),
    )


def canonical_address(*candidates: str) -> str:
    """The first that is an IP address, in its one spelling; `unknown` if none is."""
    for text in candidates:
        try:
            found = ip_address(text.partition("%")[0])
        except ValueError:
            continue
        return str((found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found)
    return UNKNOWN


def counted_address(address: str) -> str:
    """What the attempts of one place share: of an IPv6 address the /64, all of another. `address` is canonical."""
    return str(IPv6Network((address, IPV6_PREFIX), strict=False)) if ":" in address else address


def _pause(count: int, free: int, longest: timedelta) -> timedelta:
    return min(timedelta(seconds=2 ** min(count - free, 16)), longest) if count >= free else timedelta()


def _left(pause: timedelta, last: datetime | None, now: datetime) -> timedelta:
    return max(last + pause - now, timedelta()) if last else timedelta()
