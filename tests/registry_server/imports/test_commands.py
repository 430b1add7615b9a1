"""`ebike-server import` as an engineer meets it."""

import csv
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from registry_server.authorities.models import Authority
from registry_server.command_line import installation
from registry_server.errors import SetupError
from registry_server.imports.commands import import_bikes

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "bikes.csv"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    with installation(tmp_path / "var") as here, here.database.write() as session:
        names = {"name_bn": "খুলনা", "name_en": "Khulna", "plate_prefix_bn": "খুলনা", "plate_prefix_en": "KCC"}
        session.add(Authority(slug="kcc", law="city_corporation_2009", afi=None, **names))
    return tmp_path / "var"


def run(data_dir: Path, file: Path, *options: str) -> Result:
    app = typer.Typer()
    app.command()(import_bikes)
    report = str(data_dir / "report.csv")
    return CliRunner().invoke(app, [str(file), "--authority", "kcc", "--data-dir", str(data_dir), "--report", report, *options])


def report_of(data_dir: Path) -> list[list[str]]:
    with (data_dir / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_a_dry_run_then_the_real_one_then_a_refusal(data_dir: Path) -> None:
    dry, real, again = run(data_dir, EXAMPLE), run(data_dir, EXAMPLE, "--apply", "--json"), run(data_dir, EXAMPLE, "--apply", "--json")
    assert (dry.exit_code, real.exit_code, again.exit_code) == (0, 0, 2)
    assert "--apply" in dry.output
    assert json.loads(real.stdout)["serials"] == [1, 12]
    assert json.loads(again.stdout)["refused"] == "file_taken_in_before"
    assert report_of(data_dir)[1] == ["2", "ok", "1"]


def test_where_the_report_cannot_be_written_nothing_is_taken_in(data_dir: Path, tmp_path: Path) -> None:
    nowhere = run(data_dir, EXAMPLE, "--apply", "--report", str(tmp_path / "no" / "such" / "folder.csv"))
    assert isinstance(nowhere.exception, SetupError)
    again = run(data_dir, EXAMPLE, "--apply", "--json")
    assert json.loads(again.stdout)["serials"] == [1, 12]


def test_the_report_has_every_row_no_nid_and_no_formula(data_dir: Path, tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)
    bad = tmp_path / "bad.csv"
    bad.write_text("".join(lines[:3]) + lines[3].replace(lines[3].split(",")[0], "=cmd()"), encoding="utf-8")
    answer = run(data_dir, bad, "--apply", "--json", "--lang", "bn")
    assert answer.exit_code == 2
    assert json.loads(answer.stdout)["bad"] == [{"line": 4, "problems": [{"field": "name_bn", "code": "not_bangla"}]}]
    rows = report_of(data_dir)
    assert [row[1] for row in rows] == ["ফলাফল", "ঠিক", "ঠিক", "ভুল"]
    assert not any("900000000" in cell or cell.startswith("=") for row in rows for cell in row)


@pytest.mark.parametrize("slipped", ["9000000001", "৯০০০০০০০০১", "900 000-0001", "19700000000900001"])
@pytest.mark.parametrize("language", ["bn", "en"])
def test_an_nid_in_another_column_is_not_repeated(data_dir: Path, tmp_path: Path, slipped: str, language: str) -> None:
    header, first, *_ = csv.reader(EXAMPLE.read_text(encoding="utf-8-sig").splitlines())
    bad = tmp_path / "[red]slipped.csv"
    with bad.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *([*first[:at], slipped, *first[at + 1 :]] for at in range(len(first)))])
    answer = run(data_dir, bad, "--lang", language)
    assert answer.exit_code == 2
    assert slipped not in answer.output
    assert not any(slipped in cell for row in report_of(data_dir) for cell in row)


def test_the_end_of_a_wrong_mobile_number_is_named(data_dir: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(EXAMPLE.read_text(encoding="utf-8").replace("01700000002", "01200004321"), encoding="utf-8")
    answer = run(data_dir, bad, "--lang", "en")
    assert "found “…4321”" in " ".join(report_of(data_dir)[2])
    assert "01200004321" not in answer.output


def test_a_file_does_not_steer_the_terminal(data_dir: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("name_bn,\x1b]0;title\x07\n", encoding="utf-8")
    answer = run(data_dir, bad)
    assert answer.exit_code == 2
    assert "\x1b" not in answer.output


@pytest.mark.parametrize(
    ("option", "says"),
    [
        pytest.param(
            ["--language", "bn"],
            ["জাতীয় পরিচয়পত্র নম্বর (এনআইডি): এনআইডি ১০, ১৩ বা ১৭ অঙ্কের হয়; এখানে ২ অঙ্ক আছে।", "১টি লাইনে", "২ জাতীয়"],
            id="Bangla",
        ),
        pytest.param(
            ["--lang", "en"], ["National ID number (NID): An NID has 10, 13 or 17 digits", "Lines with problems: 1"], id="English"
        ),
    ],
)
def test_problems_name_fields_and_count_in_the_language_asked_for(
    data_dir: Path, tmp_path: Path, option: list[str], says: list[str]
) -> None:
    header, first, *_ = csv.reader(EXAMPLE.read_text(encoding="utf-8-sig").splitlines())
    bad = tmp_path / "bad.csv"
    with bad.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, ["12" if cell == "৯০০০০০০০০১" else cell for cell in first]])
    answer = run(data_dir, bad, *option)
    assert answer.exit_code == 2
    words = " ".join(answer.output.replace("│", " ").split())
    assert [sentence for sentence in says if sentence not in words] == []


@pytest.mark.parametrize(
    ("language", "says"),
    [pytest.param("bn", "এই কলামগুলো নেই: এনআইডি", id="Bangla"), pytest.param("en", "Columns are missing: nid", id="English")],
)
def test_a_missing_column_is_named_by_a_header_that_is_understood(data_dir: Path, tmp_path: Path, language: str, says: str) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(EXAMPLE.read_text(encoding="utf-8-sig").replace("এনআইডি", "NIDD", 1), encoding="utf-8")
    assert says in " ".join(run(data_dir, bad, "--language", language).output.split())
