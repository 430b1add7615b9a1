"""A registry as it is after years, in an empty database: people with common names, every state, flags that wait, a long audit log."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Column, Table

from bench.city import AUTHORITY, CHUNK, epc_of, fill, tid_of
from registry_server.db import Base, Database, copy_rows
from registry_server.matcher.facts import Cancelled, Expired, Facts, NeverIssued, Stolen, Suspended, UnknownTag, to_json
from registry_server.people.models import Officer, Role
from registry_server.people.names import name_key, name_words
from registry_server.people.passwords import hash_password

PASSWORD = "sundarban tigers swim"
CHECKPOINTS = 4
OPEN_SHARE = 0.2  # of the flags; the others were decided
FIRST = "মোঃ আব্দুল|Md. Abdul", "মোঃ|Md.", "মোসাম্মৎ|Mst.", "শেখ|Sheikh", "সৈয়দ|Syed", "আবু|Abu", "কাজী|Kazi", "মীর|Mir"
MIDDLE = "করিম|Karim", "রহিম|Rahim", "জব্বার|Jabbar", "সালাম|Salam", "হালিম|Halim", "রফিক|Rafiq", "শফিক|Shafiq", "জলিল|Jalil", "কাদের|Kader"
LAST = "রহমান|Rahman", "হোসেন|Hossain", "ইসলাম|Islam", "আলী|Ali", "খাতুন|Khatun", "বেগম|Begum", "শেখ|Sheikh", "মোল্লা|Molla", "সরদার|Sardar"
Row = dict[str, Any]
At = Callable[[datetime], Any]


class Sizes(NamedTuple):
    """How much stands in the tables besides the vehicles. At most so many cases as vehicles."""

    passages: int = 300_000
    flags: int = 120_000
    audit_entries: int = 1_000_000
    cases: int = 5_000

    def is_flagged(self, passage: int) -> bool:
        """Evenly spread."""
        return passage * self.flags // self.passages != (passage - 1) * self.flags // self.passages


FULL = Sizes()


def fill_registry(database: Database, vehicles: int, now: datetime, sizes: Sizes = FULL) -> None:
    """Serials, and all ids of vehicles, licences, owners, allocations and bindings, run from 1."""
    fill(database, 0, CHECKPOINTS)
    with database.write() as session:
        hashed = hash_password(PASSWORD)
        for role in Role:
            session.add(
                Officer(
                    authority_id=AUTHORITY,
                    sign_in_name=officer_name(role),
                    full_name=role,
                    role=role,
                    password_hash=hashed,
                    must_change_password=False,
                    created_at=now,
                )
            )
    rows = _Rows(vehicles, now, sizes, is_text=database.is_sqlite)
    for name, of_table in rows.tables():
        while chunk := list(islice(of_table, CHUNK)):
            _copy(database, Base.metadata.tables[name], chunk)
    if not database.is_sqlite:
        with database.engine.begin() as connection:  # COPY does not move the counters of ids
            connection.exec_driver_sql("SELECT setval(pg_get_serial_sequence('audit_entry', 'id'), (SELECT max(id) + 1 FROM audit_entry))")


def officer_name(role: Role) -> str:
    return f"bench.{role.value}"


def _copy(database: Database, table: Table, rows: list[Row]) -> None:
    defaults = {column.name: _default(column) for column in table.columns if column.name not in rows[0]}
    columns = [*rows[0], *defaults]
    with database.write() as session:
        copy_rows(session, table, columns, [(*row.values(), *defaults.values()) for row in rows])


def _default(column: Column[Any]) -> Any:
    """What the model gives to a column that the bench does not know."""
    return None if column.default is None else getattr(column.default, "arg", None)


class _Rows:
    """Every table's rows, in the order in which tables refer to each other. The same numbers give the same rows."""

    def __init__(self, vehicles: int, now: datetime, sizes: Sizes, *, is_text: bool) -> None:
        self._vehicles, self._now, self._sizes, self._is_text = vehicles, now, sizes, is_text
        self._rng = random.Random(7)
        self._names = [_Name(first, middle, last) for first in FIRST for middle in MIDDLE for last in LAST]

    def tables(self) -> Iterator[tuple[str, Iterator[Row]]]:
        yield "owner", self._owners()
        yield "owner_name_word", self._words()
        yield "vehicle", self._vehicle_rows()
        yield "licence", self._licences()
        yield "epc_allocation", self._allocations()
        yield "tag_binding", self._bindings()
        yield "passage", self._passages()
        yield "case", self._cases()
        yield "decision", self._decisions()
        yield "flag", self._flags()
        yield "audit_entry", self._audit()

    def name_of(self, number: int) -> "_Name":
        return self._names[number * 7919 % len(self._names)]

    def _at(self, at: datetime) -> Any:
        return at.replace(tzinfo=None).isoformat(" ", "microseconds") if self._is_text else at

    def _on(self, day: date) -> Any:
        return day.isoformat() if self._is_text else day

    def _owners(self) -> Iterator[Row]:
        at = self._at(self._now - timedelta(days=400))
        for n in range(1, self._vehicles + 1):
            name = self.name_of(n)
            yield {
                "id": n,
                "authority_id": AUTHORITY,
                "name_bn": name.bn,
                "name_en": name.en,
                "name_key": name.key,
                "guardian_name": name.bn,
                "nid_encrypted": b"\0" * 40,
                "nid_index": n.to_bytes(32),
                "nid_tail": f"{n % 10_000:04d}",
                "mobile": f"+88017{n:08d}",
                "ward": n % 31 + 1,
                "holding": "-",
                "created_at": at,
            }

    def _words(self) -> Iterator[Row]:
        for n in range(1, self._vehicles + 1):
            for word in self.name_of(n).words:
                yield {"owner_id": n, "authority_id": AUTHORITY, "word": word}

    def _vehicle_rows(self) -> Iterator[Row]:
        looks = {"motor": "-", "maker": "-", "battery": "lead-acid 5 x 12V 140Ah"}
        for n in range(1, self._vehicles + 1):
            yield {
                "id": n,
                "authority_id": AUTHORITY,
                "vehicle_class": "goods" if n % 20 == 0 else "passenger",
                "chassis": f"BNCH{n:09d}",
                "colour": "green",
                "stolen_at": self._at(self._now) if n % 5_000 == 0 else None,
                **looks,
            }

    def _licences(self) -> Iterator[Row]:
        today, at = self._now.date(), self._at(self._now - timedelta(days=400))
        for n in range(1, self._vehicles + 1):
            until = today + timedelta(days=220 if n % 10 else -30 if n % 20 else 12)
            yield {
                "id": n,
                "authority_id": AUTHORITY,
                "serial": n,
                "number": f"KCC-{'G' if n % 20 == 0 else 'P'}-{n:06d}",
                "owner_id": n,
                "vehicle_id": n,
                "state": state_of(n),
                "state_reason": "",
                "state_since": at,
                "issued_on": self._on(today - timedelta(days=145)),
                "valid_until": self._on(until),
                "created_at": at,
                "form_id": None,
            }

    def _allocations(self) -> Iterator[Row]:
        at = self._at(self._now - timedelta(days=399))
        for n in range(1, self._vehicles + 1):
            yield {
                "id": n,
                "authority_id": AUTHORITY,
                "licence_id": n,
                "issue": 1,
                "epc": bytes(epc_of(n)),
                "allocated_at": at,
                "retired_at": at if state_of(n) == "cancelled" else None,
                "bound_at": at if has_tag(n, self._vehicles) else None,
            }

    def _bindings(self) -> Iterator[Row]:
        at = self._at(self._now - timedelta(days=398))
        for n in range(1, self._vehicles + 1):
            if has_tag(n, self._vehicles):
                yield {
                    "id": n,
                    "authority_id": AUTHORITY,
                    "allocation_id": n,
                    "tid": tid_of(n),
                    "bound_at": at,
                    "bound_by": "desk:bench",
                    "retired_at": None,
                }

    def _passage(self, n: int) -> tuple[int | None, bytes, datetime]:
        """Who passes: mostly ours, some strangers, over the last day."""
        at = self._now - timedelta(days=1) * ((self._sizes.passages - n) / self._sizes.passages)
        licence = n * 6_151 % self._vehicles + 1 if n % 12 else None
        epc = bytes(epc_of(licence)) if licence else bytes.fromhex("e2801170") + (n % 9_000).to_bytes(8)
        return licence, epc, at

    def _passages(self) -> Iterator[Row]:
        for n in range(1, self._sizes.passages + 1):
            licence, epc, at = self._passage(n)
            yield {
                "id": n,
                "authority_id": AUTHORITY,
                "checkpoint_id": n % CHECKPOINTS + 1,
                "lane": "in",
                "epc": epc,
                "tid": None,
                "licence_id": licence,
                "at": self._at(at),
                "is_time_sure": True,
                "received_at": self._at(at),
                "proof_level": "epc_only",
                "verdict": "flagged" if self._sizes.is_flagged(n) else "legal",
            }

    def _flags(self) -> Iterator[Row]:
        flagged = filter(self._sizes.is_flagged, range(1, self._sizes.passages + 1))
        for id_, n in enumerate(flagged, 1):
            licence, epc, at = self._passage(n)
            facts = self._facts(n, licence)
            is_open = self._rng.random() < OPEN_SHARE
            yield {
                "id": id_,
                "authority_id": AUTHORITY,
                "passage_id": n,
                "other_passage_id": None,
                "checkpoint_id": n % CHECKPOINTS + 1,
                "lane": "in",
                "life_id": 1,
                "seq": n,
                "kind": str(facts.kind),
                "proof_level": "epc_only",
                "facts": to_json(facts).decode(),
                "law_sections": json.dumps([]),
                "epc": epc,
                "tid": None,
                "licence_id": licence,
                "at": self._at(at),
                "created_at": self._at(at),
                "state": "open" if is_open else "dismissed",
                "decision_id": None if is_open else id_ % self._sizes.cases + 1,
                "case_id": id_ % self._sizes.cases + 1 if not is_open and id_ % 10 == 0 else None,
            }

    def _facts(self, n: int, licence: int | None) -> Facts:
        day = self._now.date() - timedelta(days=30)
        if licence is None:
            return UnknownTag("foreign")
        kinds: tuple[Facts, ...] = (
            Expired(day, self._now.date()),
            Suspended(day, self._now),
            Cancelled(day, self._now),
            NeverIssued(licence, 1, "not_bound"),
            Stolen(self._now),
        )
        return kinds[n % len(kinds)]

    def _cases(self) -> Iterator[Row]:
        for n in range(1, self._sizes.cases + 1):
            yield {
                "id": n,
                "authority_id": AUTHORITY,
                "fiscal_year": 2026,
                "serial": n,
                "state": "open",
                "checkpoint_id": n % CHECKPOINTS + 1,
                "licence_id": n,
                "epc": bytes(epc_of(n)),
                "note": "-",
                "opened_by": officer_name(Role.MAGISTRATE),
                "opened_at": self._at(self._now - timedelta(days=1)),
                "withdrawn_by": None,
                "withdrawn_at": None,
                "withdrawn_note": "",
            }

    def _decisions(self) -> Iterator[Row]:
        for n in range(1, self._sizes.cases + 1):
            yield {
                "id": n,
                "authority_id": AUTHORITY,
                "verdict": "dismissed",
                "reason": "other",
                "note": "-",
                "case_id": n,
                "decided_by": officer_name(Role.MAGISTRATE),
                "decided_at": self._at(self._now),
            }

    def _audit(self) -> Iterator[Row]:
        verbs = ("licence:register", "tag:order", "tag:bind", "licence:renew", "flag:view")
        for n in range(1, self._sizes.audit_entries + 1):
            licence = n % self._vehicles + 1
            yield {
                "id": n,
                "authority_id": AUTHORITY,
                "at": self._at(self._now - timedelta(days=365) * ((self._sizes.audit_entries - n) / self._sizes.audit_entries)),
                "by": officer_name(Role.LICENCE_OFFICER if n % 3 else Role.MAGISTRATE),
                "action": verbs[n % len(verbs)],
                "subject": f"KCC-{'G' if licence % 20 == 0 else 'P'}-{licence:06d}",
                "facts": "{}",
            }


class _Name:
    """One person's name in both scripts, with its keys."""

    def __init__(self, *parts: str) -> None:
        self.bn, self.en = (" ".join(part.split("|")[script] for part in parts) for script in (0, 1))
        self.key = name_key(self.bn)
        self.words = tuple(dict.fromkeys(name_words(self.bn) + name_words(self.en)))


def state_of(serial: int) -> str:
    return "cancelled" if serial % 9 == 0 else "suspended" if serial % 100 == 1 else "active"


def has_tag(serial: int, vehicles: int) -> bool:
    """The newest few bikes have none yet; so do single ones far down the list."""
    return serial < vehicles - 20 and serial % 9_973 != 0


def today_utc() -> datetime:
    return datetime.now(UTC)
