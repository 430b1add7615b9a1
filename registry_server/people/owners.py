"""Keeping owners: the NID encrypted with its blind index, the name with its keys."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from registry_server.audit.service import Act
from registry_server.people.models import Owner, OwnerNameWord
from registry_server.people.names import name_key, name_words
from registry_server.people.nid import index_form
from registry_server.people.owner_facts import OwnerFacts
from registry_server.secrets_box import SecretsBox

NID = "owner:nid"
"""The purpose bound into the encryption and the blind index of an NID."""


def nid_index(nid: str, secrets: SecretsBox) -> bytes:
    return secrets.blind_index(index_form(nid), NID)


def find_owner_by_nid(session: Session, authority_id: int, nid: str, secrets: SecretsBox) -> Owner | None:
    statement = select(Owner).where(Owner.authority_id == authority_id, Owner.nid_index == nid_index(nid, secrets))
    return session.scalars(statement).one_or_none()


def add_owner(session: Session, facts: OwnerFacts, *, act: Act, secrets: SecretsBox) -> Owner:
    owner = Owner(
        authority_id=act.authority_id,
        nid_encrypted=secrets.encrypt(facts.nid, NID),
        nid_index=nid_index(facts.nid, secrets),
        nid_tail=facts.nid[-4:],
        created_at=act.at,
    )
    _write(owner, facts)
    session.add(owner)
    session.flush()
    _add_words(session, owner, facts)
    return owner


def update_owner(session: Session, owner: Owner, facts: OwnerFacts) -> None:
    """What the person says now takes the place of what stood there. The NID stays: `change_nid`."""
    _write(owner, facts)
    session.execute(delete(OwnerNameWord).where(OwnerNameWord.owner_id == owner.id))
    _add_words(session, owner, facts)


def change_nid(owner: Owner, nid: str, secrets: SecretsBox) -> None:
    """For one that was typed wrongly. The caller has looked that nobody else has it."""
    owner.nid_encrypted, owner.nid_index, owner.nid_tail = secrets.encrypt(nid, NID), nid_index(nid, secrets), nid[-4:]


def words_of(facts: OwnerFacts) -> list[str]:
    """Every word by which the owner is to be found, of both spellings of the name."""
    return list(dict.fromkeys(name_words(facts.name_bn) + name_words(facts.name_en)))


def read_nid(owner: Owner, secrets: SecretsBox) -> str:
    """In clear. The caller writes down who saw it and why."""
    return secrets.decrypt(owner.nid_encrypted, NID)


def _write(owner: Owner, facts: OwnerFacts) -> None:
    owner.name_bn, owner.name_en, owner.name_key = facts.name_bn, facts.name_en, name_key(facts.name_bn)
    owner.guardian_name, owner.mobile, owner.ward, owner.holding = facts.guardian_name, facts.mobile, facts.ward, facts.holding


def _add_words(session: Session, owner: Owner, facts: OwnerFacts) -> None:
    session.add_all(OwnerNameWord(authority_id=owner.authority_id, owner_id=owner.id, word=word) for word in words_of(facts))
    session.flush()
