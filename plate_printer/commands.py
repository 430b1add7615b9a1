"""`ebike-plates`: documents from orders, and the desk that writes tags. The only file here that asks the time."""

import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from msgspec import Struct
from rich.console import Console

from firmware_protocols.catalogue import FAMILIES, codec_for
from firmware_protocols.commands import Region
from firmware_protocols.errors import BadArgument, ProtocolError
from firmware_protocols.family_options import Options, find_option_problems, typed_options
from plate_printer import samples
from plate_printer.desk import Clock, Desk, Surroundings
from plate_printer.desk_http import UNAUTHORIZED, RegistryClient
from plate_printer.desk_journal import Journal
from plate_printer.desk_link import ReaderAddress
from plate_printer.desk_reader import DeskReader, ReaderSetup
from plate_printer.desk_screen import JsonScreen, OfficerScreen, Say, Screen
from plate_printer.documents import PLATE_SIZE, Size, card_pdf, plates_pdf
from plate_printer.errors import DeskMisused, DocumentError, PrinterError, ServerRefused
from schemas.errors import ContractError
from schemas.orders import CardOrder, PlateOrder, decode_order

app = typer.Typer(
    name="ebike-plates",
    help="Number plates, cards and tags of battery easy-bikes.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # a local may be a tag's password
)
MAX_READER_ADDRESS = 0xFF
INTERRUPTED = 130  # as shells count SIGINT
_T = TypeVar("_T", bound=Struct)

Output = Annotated[Path, typer.Option("--output", "-o", help="The PDF to write; `-` for standard output.")]
PlateSize = Annotated[str, typer.Option("--size", help="Finished size in millimetres, WIDTHxHEIGHT.", metavar="WxH")]
_DEFAULT_SIZE = f"{PLATE_SIZE.width_mm:g}x{PLATE_SIZE.height_mm:g}"


@app.command()
def plate(
    orders: Annotated[list[Path], typer.Argument(help="Plate orders as JSON, one a file; `-` for standard input.", metavar="ORDER.json…")],
    output: Output,
    size: PlateSize = _DEFAULT_SIZE,
) -> None:
    """Number plates as PDF, one page an order."""
    with _refusals_told():
        _write(output, plates_pdf([_read(path, PlateOrder) for path in orders], _size(size)))


@app.command()
def card(
    order: Annotated[Path, typer.Argument(help="A card order as JSON; `-` for standard input.", metavar="ORDER.json")], output: Output
) -> None:
    """A CR80 card as PDF: front and back."""
    with _refusals_told():
        _write(output, card_pdf(_read(order, CardOrder)))


@app.command()
def sample(folder: Annotated[Path, typer.Argument(help="Where to write plate.pdf, goods-plate.pdf and card.pdf.")] = Path()) -> None:
    """Specimens with made-up numbers, for a printer's proof."""
    with _refusals_told():
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "plate.pdf", plates_pdf([samples.PLATE]))
        _write(folder / "goods-plate.pdf", plates_pdf([samples.GOODS_PLATE]))
        _write(folder / "card.pdf", card_pdf(samples.CARD))


@app.command()
def desk(  # noqa: PLR0913 — each is an option on the command line
    *,
    server: Annotated[str, typer.Option(help="The registry, e.g. https://ebike.example.gov.bd", metavar="URL")],
    token_file: Annotated[Path, typer.Option(help="A file with this desk's token (ebike-server desk add).")],
    reader: Annotated[str, typer.Option(help="serial:///dev/serial/by-id/…?baud=115200 or tcp://host:port", metavar="URL")],
    family: Annotated[str, typer.Option(help=f"The reader's protocol: {', '.join(FAMILIES)}.")] = "m100",
    reader_address: Annotated[int | None, typer.Option(help="The reader's number on its line, where the family has such.")] = None,
    option: Annotated[list[str] | None, typer.Option(help="What the family may be told, e.g. model=m5e.", metavar="KEY=VALUE")] = None,
    power_dbm: Annotated[float | None, typer.Option(help="Transmit power; low, so that only the tag on the reader is heard.")] = None,
    region: Annotated[
        str | None, typer.Option(help=f"Frequency plan: {', '.join(Region)}. A ThingMagic module forgets its own with the supply.")
    ] = None,
    journal: Annotated[Path | None, typer.Option(help="Where results wait that the registry has not heard yet.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Write one tag, report it, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say everything as JSON lines.")] = False,
) -> None:
    """Write the tags that the registry orders, on a reader beside the officer."""
    screen = _screen(as_json=as_json)
    with _refusals_told():
        name = _known(family)
        number, options = _number(name, reader_address), _options(name, option or [])
        setup = ReaderSetup(ReaderAddress.parse(reader), name, power_dbm, _region(region), number, options)
        with RegistryClient(server, _token(token_file)) as registry, Journal(journal or _journal_for(server)) as reports:
            clock = Clock(lambda: datetime.now(UTC), time.monotonic, time.sleep)
            around = Surroundings(registry, lambda: DeskReader.open(setup, time.monotonic), reports, screen, clock)
            screen.show(Say.STARTED, server=server, reader=reader)
            with closing(Desk(around)) as the_desk:
                is_done = _run(the_desk, screen, once=once)
    raise typer.Exit(0 if is_done else 1)


def _run(the_desk: Desk, screen: Screen, *, once: bool) -> bool:
    try:
        return the_desk.run(once=once)
    except KeyboardInterrupt:
        screen.show(Say.STOPPED)
        raise typer.Exit(INTERRUPTED) from None


class _refusals_told:  # noqa: N801 — reads as a verb in a with statement
    """What goes wrong on purpose becomes one line on standard error and exit status 1."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ServerRefused) and error.status == UNAUTHORIZED:
            _refuse("the registry does not know this desk's token; get a new one with `ebike-server desk add` and put it into --token-file")
        if isinstance(error, PrinterError | ContractError | ProtocolError):
            _refuse(str(error))
        if isinstance(error, OSError):
            _refuse(f"{error.filename or ''}: {error.strerror or error}")


def _refuse(sentence: str) -> NoReturn:
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"ebike-plates: {sentence}", markup=False)
    raise typer.Exit(1)


def _screen(*, as_json: bool) -> Screen:
    console = Console(highlight=False)
    return JsonScreen(console) if as_json else OfficerScreen(console)


def _known(family: str) -> str:
    name = family.strip().lower()  # makers print it in capitals
    codec_for(name)  # raises UnknownFamily, which names those that are known
    return name


def _region(text: str | None) -> Region | None:
    if text is None:
        return None
    if text not in {*Region}:
        raise DeskMisused(f"--region {text}: write one of {', '.join(Region)}")
    return Region(text)


def _number(family: str, address: int | None) -> int | None:
    if address is not None and not 0 <= address <= MAX_READER_ADDRESS:
        raise DeskMisused(f"--reader-address {address}: write a number from 0 to {MAX_READER_ADDRESS}")
    try:
        codec_for(family, address=address)
    except BadArgument as error:
        raise DeskMisused(f"--reader-address {address}: {family} readers take {error.expected}; leave it out") from None
    return address


def _options(family: str, given: list[str]) -> Options:
    typed = dict[str, str]()
    for pair in given:
        key, has_value, value = pair.partition("=")
        if not has_value:
            raise DeskMisused(f"--option {pair}: write KEY=VALUE, such as model=m5e")
        typed[key.strip()] = value.strip()
    options = typed_options(family, typed)
    for problem in find_option_problems(family, options):
        raise DeskMisused(f"--option {problem.key}={typed[problem.key]}: {problem.remedy}")
    return options


def _token(path: Path) -> str:
    token = path.read_text().strip()
    if not token or not token.isascii() or any(letter.isspace() for letter in token):
        raise DeskMisused(f"--token-file {path}: expected one token, as `ebike-server desk add` prints it")
    return token


def _journal_for(server: str) -> Path:
    """One a registry: a result belongs to the registry that ordered it."""
    name = sha256(server.rstrip("/").encode()).hexdigest()[:12]
    return Path.home() / ".local" / "state" / "ebike-desk" / f"journal-{name}"


def _size(text: str) -> Size:
    try:
        width, height = (float(part) for part in text.lower().split("x"))
    except ValueError:
        raise DocumentError("plate size", f"expected WIDTHxHEIGHT in millimetres, such as {_DEFAULT_SIZE}, found {text!r}") from None
    return Size(width, height)


def _read(path: Path, type_: type[_T]) -> _T:
    text = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        return decode_order(type_, text)
    except ContractError as error:
        raise DocumentError(f"order {path}", str(error)) from None


def _write(path: Path, pdf: bytes) -> None:
    if str(path) == "-":
        sys.stdout.buffer.write(pdf)
    else:
        path.write_bytes(pdf)


def main() -> None:
    app()
