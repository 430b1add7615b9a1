"""`ebike-server`. Thin, so that Ctrl-C ends it without a word from its first moment: loading the program takes a while."""

import signal


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from registry_server.commands import main as run  # noqa: PLC0415 — only now: see above

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
