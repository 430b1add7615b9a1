"""`ebike-server`. Thin, so that Ctrl-C ends it without a word from its first moment: loading the program takes a while.

What has to be put away at the end (`up`, `demo`, `worker`, `web`) says so by a handler of its own; every change is one transaction.
"""

import signal


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from registry_server.commands import main as run  # noqa: PLC0415 — only now: see above

    run()


if __name__ == "__main__":
    main()
