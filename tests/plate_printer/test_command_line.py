"""`ebike-plates plate`, `card` and `sample`; the desk's command line is tried in test_desk.py."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from plate_printer.commands import app
from plate_printer.desk_http import RegistryClient
from plate_printer.desk_screen import SENTENCES, Say
from plate_printer.documents import card_pdf, plates_pdf
from plate_printer.errors import DeskMisused
from plate_printer.tag_writer import Prompt
from schemas.orders import CardOrder, PlateOrder, encode_order
from tests.plate_printer.orders import card_order, plate_order


def run(*arguments: str, stdin: bytes | None = None) -> tuple[int, bytes, str]:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.stdout_bytes, result.stderr


def saved(folder: Path, order: PlateOrder | CardOrder) -> str:
    path = folder / f"{order.serial}-{type(order).__name__}.json"
    path.write_bytes(encode_order(order))
    return str(path)


def test_plates_from_files(tmp_path: Path) -> None:
    orders = [plate_order(7), plate_order(8)]
    files = [saved(tmp_path, order) for order in orders]
    assert run("plate", *files, "-o", str(tmp_path / "out.pdf"))[0] == 0
    assert (tmp_path / "out.pdf").read_bytes() == plates_pdf(orders)


def test_a_card_from_a_file(tmp_path: Path) -> None:
    assert run("card", saved(tmp_path, card_order()), "-o", str(tmp_path / "out.pdf"))[0] == 0
    assert (tmp_path / "out.pdf").read_bytes() == card_pdf(card_order())


def test_a_plate_through_pipes() -> None:
    status, pdf, _ = run("plate", "-", "-o", "-", stdin=encode_order(plate_order()))
    assert (status, pdf) == (0, plates_pdf([plate_order()]))


def test_specimens(tmp_path: Path) -> None:
    assert run("sample", str(tmp_path / "specimens"))[0] == 0
    assert {path.name for path in (tmp_path / "specimens").iterdir()} == {"plate.pdf", "goods-plate.pdf", "card.pdf"}


@pytest.mark.parametrize(
    ("text", "size", "sentence"),
    [
        pytest.param(b"{}", "300x160", "PlateOrder: expected the published schema", id="not an order"),
        pytest.param(b"\xff\xfe", "300x160", "PlateOrder", id="not JSON"),
        pytest.param(encode_order(plate_order()), "big", "expected WIDTHxHEIGHT", id="size without numbers"),
        pytest.param(encode_order(plate_order()), "10x10", "expected 280 to 600 mm, found 10 mm", id="size too small"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: bytes, size: str, sentence: str) -> None:
    order = tmp_path / "order.json"
    order.write_bytes(text)
    status, _, errors = run("plate", str(order), "-o", str(tmp_path / "out.pdf"), "--size", size)
    assert status == 1
    assert sentence in errors
    assert not (tmp_path / "out.pdf").exists()


def test_a_missing_file_is_named() -> None:
    status, _, errors = run("card", "/nowhere/order.json", "-o", "-")
    assert status == 1
    assert "/nowhere/order.json: No such file" in errors


@pytest.mark.parametrize("what", [*Say, *Prompt])
def test_everything_is_said_in_both_languages(what: Say | Prompt) -> None:
    sentence = SENTENCES[what]
    assert any("ঀ" <= letter <= "৿" for letter in sentence.bn)
    assert sentence.en.isascii()


@pytest.mark.parametrize(
    ("server", "is_private"),
    [
        pytest.param("https://ebike.example", True, id="TLS"),
        pytest.param("http://127.0.0.1:8000", True, id="this machine"),
        pytest.param("http://[::1]:8000/", True, id="this machine over IPv6"),
        pytest.param("http://localhost:8000", True, id="localhost"),
        pytest.param("http://10.0.0.5:8000", False, id="the office's network"),
        pytest.param("http://localhost.example", False, id="a name that looks local"),
        pytest.param("ftp://127.0.0.1", False, id="another protocol"),
        pytest.param("127.0.0.1:8000", False, id="no protocol"),
    ],
)
def test_a_tag_password_travels_over_tls_or_stays_on_this_machine(server: str, *, is_private: bool) -> None:
    try:
        RegistryClient(server, "token").__exit__()
    except DeskMisused:
        assert not is_private
    else:
        assert is_private
