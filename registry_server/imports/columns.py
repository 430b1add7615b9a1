"""From the bytes of a CSV file to rows by field name, whatever the headers are called. Pure."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from registry_server.errors import RegistryError

HEADERS: dict[str, tuple[str, ...]] = {
    "name_bn": ("name_bn", "name bangla", "owner name bn", "owner", "নাম", "মালিকের নাম", "নাম বাংলা", "মালিকের নাম বাংলা"),
    "name_en": ("name_en", "name english", "owner name en", "নাম ইংরেজি", "মালিকের নাম ইংরেজি"),
    "guardian_name": ("guardian_name", "guardian", "father", "husband", "father or husband", "পিতা", "পিতা স্বামী", "পিতা বা স্বামীর নাম",
                      "পিতার নাম", "পিতা স্বামীর নাম"),
    "nid": ("nid", "national id", "nid no", "nid number", "এনআইডি", "জাতীয় পরিচয়পত্র", "জাতীয় পরিচয়পত্র নম্বর", "এনআইডি নম্বর"),
    "mobile": ("mobile", "phone", "mobile no", "telephone", "মোবাইল", "মোবাইল নম্বর", "ফোন"),
    "ward": ("ward", "ward no", "ওয়ার্ড", "ওয়ার্ড নম্বর", "ওয়ার্ড নং"),
    "holding": ("holding", "holding no", "হোল্ডিং", "হোল্ডিং নম্বর", "হোল্ডিং নং"),
    "vehicle_class": ("vehicle_class", "class", "type", "শ্রেণি", "শ্রেণী", "ধরন"),
    "chassis": ("chassis", "chassis no", "চেসিস", "চেসিস নম্বর", "চেসিস নং", "চ্যাসিস নম্বর"),
    "motor": ("motor", "motor no", "engine no", "মোটর", "মোটর নম্বর", "মোটর নং"),
    "colour": ("colour", "color", "রং", "রঙ"),
    "maker": ("maker", "make", "brand", "manufacturer", "প্রস্তুতকারক", "কোম্পানি"),
    "battery": ("battery", "ব্যাটারি"),
    "fiscal_year": ("fiscal_year", "fiscal year", "paid until", "অর্থবছর", "অর্থ বছর"),
}  # fmt: skip
REQUIRED = ("name_bn", "guardian_name", "nid", "mobile", "ward", "vehicle_class", "chassis", "colour", "maker")
DELIMITERS = (",", ";", "\t", "|")
MAX_BYTES = 200 * 1024 * 1024
WORKBOOKS = (b"PK\x03\x04", bytes.fromhex("D0CF11E0A1B11AE1"))
"""How an .xlsx and an .xls begin."""
_NAMED_DELIMITER = re.compile(r"sep=(.)\r?\n")  # the line by which a spreadsheet tells another one
_LOOK_BYTES = 1024
_LOOSE = re.compile(r"[\s_\-/.,()]+")


class FileRefused(RegistryError):
    """The file as a whole cannot be read. `code` names the sentence."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(f"{code}: {facts}")
        self.code, self.facts = code, facts


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file, by field name. `line` counts from 1 with the header, as a spreadsheet shows it."""

    line: int
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class SourceTable:
    """The rows of a file, and the headers of columns that mean nothing here: a misspelt one must be seen before it loses data."""

    rows: list[Row]
    ignored: tuple[str, ...]


def read_table(data: bytes) -> SourceTable:
    """Raises FileRefused: not UTF-8, no header, missing or doubled columns, no rows, a row with too many cells."""
    text = _decoded(data)
    named = _NAMED_DELIMITER.match(text)
    delimiter = named[1] if named else max(DELIMITERS, key=text.partition("\n")[0].count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        if named:
            next(lines)
        header = next(lines, [])
        fields = _fields_of(header)
        rows = list(_rows(lines, fields))
    except csv.Error as error:
        raise FileRefused("file_not_csv", line=str(lines.line_num), why=str(error)) from error
    if not rows:
        raise FileRefused("file_empty")
    return SourceTable(rows, tuple(cell.strip() for cell, field in zip(header, fields, strict=True) if field is None and cell.strip()))


def _decoded(data: bytes) -> str:
    if data.startswith(WORKBOOKS):
        raise FileRefused("file_is_workbook")
    try:
        return data.decode(_encoding_of(data))
    except UnicodeDecodeError as error:
        raise FileRefused("file_not_utf8", line=str(data.count(b"\n", 0, error.start) + 1)) from error


def _encoding_of(data: bytes) -> str:
    """UTF-8, but for what is plainly the UTF-16 of a spreadsheet: by its mark, or by the zero bytes of commas and digits."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = data[:_LOOK_BYTES]
    high, low = head[0::2].count(0), head[1::2].count(0)
    if high and not low:
        return "utf-16-be"
    return "utf-16-le" if low and not high else "utf-8-sig"


def _fields_of(header: list[str]) -> list[str | None]:
    names = {_loose(spelling): field for field, spellings in HEADERS.items() for spelling in spellings}
    fields = [names.get(_loose(cell)) for cell in header]
    missing = [field for field in REQUIRED if field not in fields]
    if not any(cell.strip() for cell in header):
        raise FileRefused("file_empty")
    if missing:
        found = ", ".join(cell.strip() for cell in header if cell.strip())
        raise FileRefused("file_columns_missing", missing=", ".join(missing), found=found[:300] or "–")
    doubled = sorted({field for field in fields if field is not None and fields.count(field) > 1})
    if doubled:
        raise FileRefused("file_columns_doubled", doubled=", ".join(doubled))
    return fields


def _rows(lines: Any, fields: list[str | None]) -> Iterator[Row]:
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(fields):
            raise FileRefused("file_row_too_long", line=str(lines.line_num), cells=str(len(cells)), columns=str(len(fields)))
        yield Row(lines.line_num, {field: cell for field, cell in zip(fields, cells, strict=False) if field is not None})


def _loose(text: str) -> str:
    """NFC takes য় apart, so both spellings of a header meet."""
    return unicodedata.normalize("NFC", _LOOSE.sub(" ", text)).strip().lower()
