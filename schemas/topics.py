"""MQTT topics. Only this file knows a slash.

`ebike/v1/{authority}/{checkpoint}/{agent}/{channel}`
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from schemas.errors import ContractError
from schemas.identifiers import AgentId, AuthorityId, CheckpointId

ROOT = ("ebike", "v1")


class Channel(StrEnum):
    """What one agent and the registry say to each other."""

    SIGHTINGS = "sightings"  # agent → server, QoS 1
    STATUS = "status"  # agent → server, retained, with a last will
    ACK = "ack"  # server → agent, QoS 1
    DIGEST = "digest"  # server → agent, retained
    COMMAND = "command"  # server → agent


@dataclass(frozen=True, slots=True)
class AgentAddress:
    """Which agent, at which checkpoint, of which authority."""

    authority: AuthorityId
    checkpoint: CheckpointId
    agent: AgentId

    def topic(self, channel: Channel) -> str:
        return "/".join((*ROOT, str(self.authority), str(self.checkpoint), str(self.agent), channel))

    @classmethod
    def parse_topic(cls, topic: str) -> tuple[Self, Channel]:
        parts = topic.split("/")
        if len(parts) != 6 or tuple(parts[:2]) != ROOT or parts[5] not in {*Channel}:
            raise ContractError("topic", "ebike/v1/AUTHORITY/CHECKPOINT/AGENT/CHANNEL", repr(topic))
        return cls(AuthorityId(parts[2]), CheckpointId(parts[3]), AgentId(parts[4])), Channel(parts[5])


def every_agent(channel: Channel) -> str:
    """The subscription filter that takes one channel of all agents of all authorities."""
    return "/".join((*ROOT, "+", "+", "+", channel))
