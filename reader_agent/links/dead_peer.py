"""How a socket learns that the other end is gone without a word: its cable is out, its power off.

Unasked, Linux waits a quarter of an hour for an acknowledgement, and on a socket on which we only listen two hours before it asks.
"""

import socket
import sys

FIRST_PROBE_S, PROBE_EVERY_S, PROBES = 1, 1, 2

SOCKET_OPTIONS: list[tuple[int, int, int]] = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
"""With them a dead peer is an error within three seconds (man 7 tcp). Elsewhere than on Linux it takes the system's own time."""
if sys.platform == "linux":
    SOCKET_OPTIONS += [
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, FIRST_PROBE_S),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_EVERY_S),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 3000),
    ]
