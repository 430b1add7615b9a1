"""Authorities, their checkpoints, and the agents that may speak for them."""

import re
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry_server.audit.service import Act, record
from registry_server.authorities.models import Agent, Authority, Checkpoint
from registry_server.authorities.queries import find_authority, get_agent, get_checkpoint
from registry_server.errors import Conflict, FieldProblem
from schemas.errors import ContractError
from schemas.identifiers import AgentId, AuthorityId, CheckpointId, Name
from schemas.signing import KEY_BYTES

LAWS = ("city_corporation_2009", "pourashava_2009")
LARGEST_NUMBER = 0xFFFF
CLOSED_SYSTEM_AFI = 0x0F
"""ISO/IEC 15961 leaves 01 to 0F to systems that nobody else reads. Without an AFI a tag would pass for a GS1 number (decision 0001)."""
PLATE_PREFIX_EN = re.compile("[A-Z]{2,10}")
PLATE_PREFIX_BN = re.compile("[\u0985-\u09b9\u09bc-\u09ce\u09dc-\u09df]{1,20}")
"""Letters only: a prefix stands before the class and the digits of a number, in file names and in answers' headers."""
MOST_WARDS = 200
LATITUDES, LONGITUDES = (20.0, 27.0), (88.0, 93.0)
"""Bangladesh: a position typed the wrong way round is outside."""


@dataclass(frozen=True, slots=True)
class NewAuthority:
    slug: str
    name_bn: str
    name_en: str
    plate_prefix_bn: str
    plate_prefix_en: str
    law: str
    number: int | None = None
    """The number in its EPCs; None takes the next free one."""
    afi: int = CLOSED_SYSTEM_AFI
    helpline: str = ""
    wards: int | None = None
    """How many; None: not known."""


@dataclass(frozen=True, slots=True)
class NewCheckpoint:
    slug: str
    name_bn: str
    name_en: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class NewAgent:
    slug: str
    checkpoint_slug: str
    public_key_hex: str
    """As `ebike-agent` prints it: 64 hex digits of an Ed25519 public key."""


def add_authority(session: Session, new: NewAuthority, act: Act) -> Authority:
    """`act.authority_id` is not known yet and not looked at. Raises FieldProblem, Conflict `authority_exists`."""
    slug = _name(AuthorityId, "slug", new.slug)
    if new.law not in LAWS:
        raise FieldProblem("law", "law_unknown", new.law, known=", ".join(LAWS))
    _check_prefix("plate_prefix_en", "plate_prefix_en_form", new.plate_prefix_en, PLATE_PREFIX_EN)
    _check_prefix("plate_prefix_bn", "plate_prefix_bn_form", new.plate_prefix_bn, PLATE_PREFIX_BN)
    if new.wards is not None and not 1 <= new.wards <= MOST_WARDS:
        raise FieldProblem("wards", "wards_number", str(new.wards), most=str(MOST_WARDS))
    number = _next_number(session) if new.number is None else new.number
    if not 1 <= number <= LARGEST_NUMBER:
        raise FieldProblem("number", "authority_number", str(number))
    if find_authority(session, slug) or session.get(Authority, number):
        raise Conflict("authority_exists", name=slug)
    authority = Authority(
        id=number,
        slug=slug,
        name_bn=new.name_bn,
        name_en=new.name_en,
        plate_prefix_bn=new.plate_prefix_bn,
        plate_prefix_en=new.plate_prefix_en,
        law=new.law,
        afi=new.afi,
        helpline=new.helpline,
        wards=new.wards,
    )
    session.add(authority)
    session.flush()
    record(session, Act(authority.id, act.by, act.at), "authority:add", slug, law=new.law)
    return authority


def add_checkpoint(session: Session, new: NewCheckpoint, act: Act) -> Checkpoint:
    """Raises FieldProblem, Conflict `checkpoint_exists`."""
    slug = _name(CheckpointId, "slug", new.slug)
    _check_position("latitude", new.latitude, LATITUDES)
    _check_position("longitude", new.longitude, LONGITUDES)
    if session.scalars(select(Checkpoint.id).where(Checkpoint.slug == slug, Checkpoint.authority_id == act.authority_id)).one_or_none():
        raise Conflict("checkpoint_exists", name=slug)
    checkpoint = Checkpoint(
        authority_id=act.authority_id,
        slug=slug,
        name_bn=new.name_bn,
        name_en=new.name_en,
        latitude=new.latitude,
        longitude=new.longitude,
    )
    session.add(checkpoint)
    session.flush()
    record(session, act, "checkpoint:add", slug, latitude=new.latitude, longitude=new.longitude)
    return checkpoint


def add_agent(session: Session, new: NewAgent, act: Act) -> Agent:
    """From now on batches signed with this key count. Raises FieldProblem, NotFound, Conflict `agent_exists`."""
    slug = _name(AgentId, "slug", new.slug)
    public_key = _public_key(new.public_key_hex)
    checkpoint = get_checkpoint(session, new.checkpoint_slug)
    if session.scalars(select(Agent.id).where(Agent.slug == slug, Agent.authority_id == act.authority_id)).one_or_none():
        raise Conflict("agent_exists", name=slug)
    agent = Agent(authority_id=act.authority_id, checkpoint_id=checkpoint.id, slug=slug, public_key=public_key, is_revoked=False)
    session.add(agent)
    session.flush()
    record(session, act, "agent:add", slug, checkpoint=checkpoint.slug, public_key=public_key.hex())
    return agent


def revoke_agent(session: Session, slug: str, act: Act) -> Agent:
    """A stolen or replaced box: what it signs from now on does not count. Raises NotFound."""
    agent = get_agent(session, slug)
    agent.is_revoked = True
    record(session, act, "agent:revoke", slug)
    return agent


def _next_number(session: Session) -> int:
    """After the largest: a database's own sequence counts none that was given by hand."""
    return (session.scalar(select(func.max(Authority.id))) or 0) + 1


def _name(kind: type[Name], field: str, typed: str) -> str:
    try:
        return str(kind(typed))
    except ContractError:
        raise FieldProblem(field, "short_name_form", typed) from None


def _check_prefix(field: str, code: str, typed: str, form: re.Pattern[str]) -> None:
    if not form.fullmatch(typed):
        raise FieldProblem(field, code, typed)


def _check_position(field: str, degrees: float, between: tuple[float, float]) -> None:
    low, high = between
    if not low <= degrees <= high:
        raise FieldProblem(field, "position_outside", str(degrees), low=str(low), high=str(high))


def _public_key(typed: str) -> bytes:
    try:
        key = bytes.fromhex(typed)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise FieldProblem("public_key", "public_key_form", typed)
    return key
