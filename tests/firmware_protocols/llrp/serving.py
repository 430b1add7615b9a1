"""A simulated LLRP reader on a real socket, for clients that nobody here wrote."""

import socket
import time
from contextlib import suppress
from random import Random
from threading import Event, Lock, Thread
from typing import Self

from firmware_protocols.simulators import CLEAN_AIR, NO_FAULTS, LineFaults, ReaderOptions, SimulatedTag, TagField
from firmware_protocols.simulators.llrp import LlrpReader
from firmware_protocols.simulators.llrp_settings import PLAIN, LlrpOptions

TICK_S = 0.005


class ServedReader:
    """Listens on a free port of this machine from `with` to its end. One client at a time; a second is told so and cut off."""

    def __init__(self, *, faults: LineFaults = NO_FAULTS, manner: LlrpOptions = PLAIN) -> None:
        rng = Random(1)
        self.field = TagField(rng, CLEAN_AIR)
        self.reader = LlrpReader(self.field, rng, faults, ReaderOptions(round_period_s=0.02), manner)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TICK_S)
        self._client: socket.socket | None = None
        self._began_s = time.monotonic()
        self._lock, self._stop = Lock(), Event()
        self._thread = Thread(target=self._serve, name="served reader")

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def enter(self, tag: SimulatedTag, *, antenna: int = 1) -> None:
        with self._lock:
            self.field.enter(tag, enters_s=0.0, antenna=antenna)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._hang_up()
        self._listener.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            now_s = time.monotonic() - self._began_s
            with self._lock:
                self._accept(now_s)
                self._receive()
                for data in self.reader.advance(now_s):
                    self._send(data)
                if self.reader.is_closed:
                    self._hang_up()

    def _accept(self, now_s: float) -> None:
        with suppress(TimeoutError):
            client, _ = self._listener.accept()
            if self._client is not None:
                client.sendall(self.reader.refuse_connection(now_s))
                client.close()
                return
            client.settimeout(TICK_S)
            self._client = client
            self.reader.connect()

    def _receive(self) -> None:
        if self._client is None:
            return
        try:
            data = self._client.recv(65_536)
        except TimeoutError:
            return
        except OSError:
            data = b""
        if not data:
            self._hang_up()
        self.reader.receive_data(data)

    def _send(self, data: bytes) -> None:
        with suppress(OSError):
            if self._client is not None:
                self._client.sendall(data)

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
