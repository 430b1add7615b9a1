"""The agents that may speak, with their keys and places."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry_server.authorities.models import Agent, Authority, Checkpoint
from registry_server.matcher.travel import Place
from schemas.identifiers import AgentId, AuthorityId, CheckpointId
from schemas.topics import AgentAddress


@dataclass(frozen=True, slots=True)
class KnownAgent:
    id: int
    authority_id: int
    checkpoint_id: int
    public_key: bytes
    is_revoked: bool


@dataclass(slots=True)
class AgentDirectory:
    """A copy of the tables, small enough to be read whole."""

    agents: dict[AgentAddress, KnownAgent] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    """By checkpoint."""
    laws: dict[int, str] = field(default_factory=dict)
    """By authority."""

    def reload(self, session: Session) -> None:
        """In place: who holds this directory or its `places` sees the change."""
        rows = session.execute(
            select(Agent, Checkpoint, Authority)
            .join(Checkpoint, Checkpoint.id == Agent.checkpoint_id)
            .join(Authority, Authority.id == Agent.authority_id)
        ).all()
        agents, places, laws = {}, {}, {}
        for agent, checkpoint, authority in rows:
            address = AgentAddress(AuthorityId(authority.slug), CheckpointId(checkpoint.slug), AgentId(agent.slug))
            agents[address] = KnownAgent(agent.id, authority.id, checkpoint.id, agent.public_key, agent.is_revoked)
            places[checkpoint.id] = Place(
                checkpoint.id, authority.id, checkpoint.name_bn, checkpoint.name_en, checkpoint.latitude, checkpoint.longitude
            )
            laws[authority.id] = authority.law
        for mine, fresh in ((self.agents, agents), (self.places, places), (self.laws, laws)):
            mine.clear()
            mine.update(fresh)  # type: ignore[arg-type]  # three pairs of equal type
