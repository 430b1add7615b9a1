"""The magistrate's verbs. Each locks the flags it decides on, checks that they are still those that were looked at, and is audited."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry_server.audit.service import Act, record
from registry_server.cases import rules
from registry_server.cases.models import Case, CaseCounter, Decision
from registry_server.cases.queries import of_group
from registry_server.cases.rules import GroupKey, Looked
from registry_server.cases.states import CaseState, move_case, move_flag
from registry_server.clock import dhaka_date, fiscal_year_of
from registry_server.db import insert_ignoring
from registry_server.errors import Conflict, NotFound
from registry_server.matcher.models import Flag
from registry_server.matcher.states import FlagState


def dismiss(session: Session, key: GroupKey, looked: Looked, words: tuple[str, str], act: Act) -> Decision:
    """Close the flags that were looked at. `words`: reason and note. Raises FieldProblem, Conflict `already_decided`."""
    reason, note = rules.check_dismissal(*words), words[1].strip()
    flags = _take(session, key, looked)
    decision = Decision(verdict=FlagState.DISMISSED, reason=reason, note=note, decided_by=act.by, decided_at=act.at)
    _decide(session, flags, decision)
    record(session, act, "flag:dismiss", str(key), decision=decision.id, reason=reason, note=note, flags=[flag.id for flag in flags])
    return decision


def confirm(session: Session, key: GroupKey, looked: Looked, note: str, act: Act) -> Case:
    """Open a case from the flags that were looked at; licence and owner stay as they are. Raises as `dismiss`."""
    note = rules.check_note("confirm_note", "case_note_missing", note)
    flags = _take(session, key, looked)
    case = _open_case(session, key, flags[-1].epc, note, act)
    decision = Decision(verdict=FlagState.CONFIRMED, note=note, case_id=case.id, decided_by=act.by, decided_at=act.at)
    _decide(session, flags, decision)
    record(session, act, "flag:confirm", str(key), decision=decision.id, case=case.number, flags=[flag.id for flag in flags])
    record(session, act, "case:open", case.number, group=str(key), note=note)
    return case


def withdraw(session: Session, case_id: int, note: str, act: Act) -> Case:
    """Take an open case back, with the reason. Its flags stay decided. Raises NotFound, FieldProblem, MoveRefused."""
    note = rules.check_note("withdraw_note", "withdraw_note_missing", note)
    case = session.scalars(select(Case).where(Case.id == case_id).with_for_update()).one_or_none()
    if case is None:
        raise NotFound("case", case_id)
    case.state = move_case(case.number, CaseState(case.state), CaseState.WITHDRAWN)
    case.withdrawn_by, case.withdrawn_at, case.withdrawn_note = act.by, act.at, note
    record(session, act, "case:withdraw", case.number, note=note)
    return case


def record_view(session: Session, key: GroupKey, flags: Sequence[Flag], act: Act) -> None:
    """Who looked at what: a person's whereabouts are sensitive."""
    record(session, act, "flag:view", str(key), flags=[flag.id for flag in flags])


def record_case_view(session: Session, case: Case, flags: Sequence[Flag], act: Act) -> None:
    """The same of a case: its flags say where a person was."""
    record(session, act, "case:view", case.number, flags=[flag.id for flag in flags])


def _take(session: Session, key: GroupKey, looked: Looked) -> Sequence[Flag]:
    """The open flags that were looked at, locked, oldest first. Raises Conflict if one of them was decided meanwhile."""
    statement = of_group(key).where(Flag.id <= looked.through).order_by(Flag.id).with_for_update()
    flags = [flag for flag in session.scalars(statement) if flag.state == FlagState.OPEN]
    if len(flags) != looked.count or not flags:
        raise _conflict(session, key)
    return flags


def _conflict(session: Session, key: GroupKey) -> Conflict | NotFound:
    newest = of_group(key).where(Flag.decision_id.is_not(None)).with_only_columns(Flag.decision_id).order_by(Flag.decision_id.desc())
    decision_id = session.scalars(newest.limit(1)).one_or_none()
    if decision_id is None:
        return NotFound("review", key)
    decision = session.get_one(Decision, decision_id)
    return Conflict("already_decided", by=decision.decided_by, at=decision.decided_at.isoformat())


def _decide(session: Session, flags: Sequence[Flag], decision: Decision) -> None:
    session.add(decision)
    session.flush()
    for flag in flags:
        flag.state = move_flag(flag.id, FlagState(flag.state), decision.verdict)
        flag.decision_id, flag.case_id = decision.id, decision.case_id


def _open_case(session: Session, key: GroupKey, epc: bytes, note: str, act: Act) -> Case:
    fiscal_year = fiscal_year_of(dhaka_date(act.at))
    case = Case(
        fiscal_year=fiscal_year,
        serial=_next_serial(session, act.authority_id, fiscal_year),
        state=CaseState.OPEN,
        checkpoint_id=key.checkpoint_id,
        licence_id=key.licence_id,
        epc=epc,
        note=note,
        opened_by=act.by,
        opened_at=act.at,
    )
    session.add(case)
    session.flush()
    return case


def _next_serial(session: Session, authority_id: int, fiscal_year: int) -> int:
    """Gapless: taken under the row's lock in the transaction that opens the case."""
    names = {"authority_id": authority_id, "fiscal_year": fiscal_year}
    insert_ignoring(session, CaseCounter.metadata.tables[CaseCounter.__tablename__], {**names, "last_serial": 0})
    counter = session.scalars(select(CaseCounter).filter_by(**names).with_for_update()).one()
    counter.last_serial += 1
    return counter.last_serial
