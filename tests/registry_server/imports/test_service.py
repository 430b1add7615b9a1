"""Taking in a city's list, on both engines."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from registry_server.audit.models import AuditEntry
from registry_server.audit.service import Act
from registry_server.db import Database
from registry_server.epc_allocation.models import EpcAllocation
from registry_server.imports.columns import FileRefused, read_table
from registry_server.imports.rules import fiscal_year_of_end
from registry_server.imports.service import ImportTools, Judged, apply, judge
from registry_server.licences import queries, service
from registry_server.licences.models import Licence, RegistryChange
from registry_server.licences.search import read_query
from tests.registry_server.licences.office import SECRETS, form, open_office, random_bits, register

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "bikes.csv"
HEADER = "মালিকের নাম,পিতা/স্বামী,NID,Mobile No,ওয়ার্ড,Class,Chassis No.,রং,Maker\n"
TOOLS = ImportTools(SECRETS, random_bits)


def line(n: int, **changes: str) -> str:
    cells = {
        "name": f"উদাহরণ মালিক {n}",
        "father": "উদাহরণ পিতা",
        "nid": f"{5_000_000_000 + n}",
        "mobile": f"018{n:08d}",
        "ward": "১২",
        "class": "যাত্রীবাহী",
        "chassis": f"LIST-{n:05d}",
        "colour": "নীল",
        "maker": "উদাহরণ",
    }
    return ",".join((cells | changes).values()) + "\n"


def file_of(*lines: str) -> bytes:
    return (HEADER + "".join(lines)).encode()


@pytest.fixture
def act(database: Database) -> Act:
    return open_office(database)


def judged(database: Database, act: Act, data: bytes) -> Judged:
    with database.read(act.authority_id) as session:
        return judge(session, data, act=act, secrets=SECRETS)


def taken_in(database: Database, act: Act, data: bytes) -> range:
    with database.write(act.authority_id) as session:
        service.lock_counter(session, act.authority_id)
        return apply(session, judge(session, data, act=act, secrets=SECRETS), "list.csv", act=act, tools=TOOLS)


def problems(found: Judged) -> list[tuple[int, str, str]]:
    return [(row.line, problem.field, problem.code) for row in found.bad for problem in row.problems]


def test_the_example_is_taken_in_whole(database: Database, act: Act) -> None:
    register(database, act)
    assert taken_in(database, act, EXAMPLE.read_bytes()) == range(2, 14)
    with database.read(act.authority_id) as session:
        for table, rows in ((Licence, 13), (EpcAllocation, 13), (RegistryChange, 13)):
            assert session.scalar(select(func.count()).select_from(table)) == rows
        assert session.scalar(select(func.count()).where(AuditEntry.action == "licence:import")) == 12
        found = queries.find_by_name(session, act.authority_id, read_query("উদাহরণ মালিক ৭", ()).words)
        assert [(licence.owner.name_bn, licence.owner.nid_tail) for licence in found] == [("উদাহরণ মালিক ৭", "0007")]
    assert register(database, act, form(50)).serial == 14


def test_a_dry_run_changes_nothing(database: Database, act: Act) -> None:
    assert len(judged(database, act, EXAMPLE.read_bytes()).good) == 12
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Licence)) == 0


def test_the_same_file_is_refused_the_second_time(database: Database, act: Act) -> None:
    taken_in(database, act, file_of(line(1)))
    with pytest.raises(FileRefused, match="file_taken_in_before"):
        judged(database, act, file_of(line(1)))


def test_each_row_says_what_is_wrong_with_it(database: Database, act: Act) -> None:
    known = register(database, act)
    data = file_of(
        line(1),
        line(2, nid="12", ward="99"),
        line(3, nid="1000000001"),
        line(4, chassis="CHASSIS00001"),
        line(5, nid=f"{5_000_000_001}"),
        line(6, chassis="list 00001"),
        line(7, name="Avgvi †mvbvi"),
    )
    found = judged(database, act, data)
    assert problems(found) == [
        (3, "nid", "nid_length"),
        (3, "ward", "ward"),
        (4, "nid", "owner_has_licence"),
        (5, "chassis", "chassis_has_licence"),
        (6, "nid", "row_same_nid"),
        (7, "chassis", "row_same_chassis"),
        (8, "name_bn", "looks_like_bijoy"),
    ]
    assert found.bad[1].problems[0].facts == {"number": known.number}
    assert [row.line for row in found.good] == [2]


def test_the_zero_that_a_spreadsheet_dropped_is_put_back(database: Database, act: Act) -> None:
    found = judged(database, act, file_of(line(1, mobile="1712345678"), line(2, mobile="১৭১২৩৪৫৬৭৮"), line(3, mobile="712345678")))
    assert [row.form.owner.mobile for row in found.good] == ["+8801712345678"] * 2
    assert problems(found) == [(4, "mobile", "mobile")]


def test_a_bad_row_stops_the_whole_file(database: Database, act: Act) -> None:
    with pytest.raises(ValueError, match="bad rows"):
        taken_in(database, act, file_of(line(1), line(2, nid="12")))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Licence)) == 0


@pytest.mark.parametrize(
    ("data", "code", "fact"),
    [
        pytest.param("নাম,nid\nx,y\n".encode(), "file_columns_missing", "chassis", id="missing columns are named"),
        pytest.param(b"", "file_empty", "", id="an empty file"),
        pytest.param(HEADER.encode(), "file_empty", "", id="a header alone"),
        pytest.param(HEADER.encode() + b"\x93\xfa,x\n", "file_not_utf8", "2", id="another encoding, with the line"),
        pytest.param(b"PK\x03\x04xx", "file_is_workbook", "", id="an Excel workbook"),
        pytest.param(bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "file_is_workbook", "", id="an old Excel workbook"),
        pytest.param(file_of(line(1).strip() + ",more\n"), "file_row_too_long", "10", id="a comma too many"),
        pytest.param(file_of('"open\n'), "file_not_csv", "", id="a quote that never ends"),
        pytest.param(HEADER.replace("Maker", "NID").encode(), "file_columns_missing", "maker", id="a column under another name"),
        pytest.param((HEADER.strip() + ",nid no\n" + line(1)).encode(), "file_columns_doubled", "nid", id="a column twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(data: bytes, code: str, fact: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_table(data)
    assert refused.value.code == code
    assert fact in " ".join(refused.value.facts.values())


def test_a_column_that_means_nothing_here_is_named() -> None:
    data = (HEADER.strip() + ",Hoding no,\n" + line(1).strip() + ",12/A,\n").encode()
    assert read_table(data).ignored == ("Hoding no",)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbf" + file_of(line(1)), id="byte-order mark"),
        pytest.param(file_of(line(1)).decode().encode("utf-16"), id="UTF-16"),
        pytest.param(file_of(line(1)).replace(b",", b";"), id="semicolons"),
        pytest.param(file_of(line(1)).replace(b",", b"\t"), id="tabs"),
        pytest.param(file_of(line(1)).replace(b",", b"|"), id="bars"),
        pytest.param(file_of(line(1)).decode().encode("utf-16-le"), id="UTF-16 without its mark"),
        pytest.param(file_of(line(1)).decode().encode("utf-16-be"), id="UTF-16 without its mark, the other way round"),
        pytest.param(file_of(line(1)).replace(b"\n", b"\r\n") + b"\r\n,,,,,,,,\r\n", id="Windows lines and empty rows"),
    ],
)
def test_what_spreadsheets_write_is_read(data: bytes) -> None:
    assert [(row.line, row.fields["chassis"]) for row in read_table(data).rows] == [(2, "LIST-00001")]


def test_a_line_that_names_the_delimiter_is_no_header() -> None:
    (row,) = read_table(b"sep=;\r\n" + file_of(line(1)).replace(b",", b";")).rows
    assert (row.line, row.fields["chassis"]) == (3, "LIST-00001")


def test_torn_utf_16_is_refused_not_repaired() -> None:
    with pytest.raises(FileRefused, match="file_not_utf8"):
        read_table(file_of(line(1)).decode().encode("utf-16") + b"\x00")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("30/06/2027", "2026-27", id="day, month, year"),
        pytest.param("2027-06-30", "2026-27", id="year, month, day"),
        pytest.param("6/30/2027", "2026-27", id="month, day, year"),
        pytest.param("30-Jun-27", "2026-27", id="a spreadsheet's own"),
        pytest.param("২০২৭-০৬-৩০", "2026-27", id="Bangla digits, year first"),
        pytest.param("30-6-2027", "2026-27", id="with hyphens"),
        pytest.param("৩০.০৬.২০২৭", "2026-27", id="Bangla digits"),
        pytest.param("31/12/2027", "31/12/2027", id="another day is left for the form's own refusal"),
        pytest.param("2026-27", "2026-27", id="a fiscal year as it is"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_last_day_of_a_fiscal_year_names_it(written: str, read: str) -> None:
    assert fiscal_year_of_end(written) == read
