"""What one web process takes on at once. The keywords of `uvicorn.run`.

A client that sends its headers drop by drop is not cut off here: that is the proxy's part (docs/running.md, TLS by a reverse proxy).
"""

from typing import Any

SERVER_LIMITS: dict[str, Any] = {
    "http": "h11",  # whatever else is installed: the limit of header bytes below is h11's
    "ws": "none",
    "limit_concurrency": 800,  # connections, open streams among them; below the 1,024 files that a process may hold. More get 503
    "backlog": 512,
    "h11_max_incomplete_event_size": 16 * 1024,  # bytes of request line and headers; ours are below 4 KiB
    "timeout_keep_alive": 15,  # seconds that an idle connection is kept for the next click
}
