"""An EPC of the closed numbering from its parts. Pure; the bits themselves stand in `schemas.epc.ClosedEpc`."""

from registry_server.errors import Conflict
from schemas.epc import ClosedEpc, Epc

RANDOM_BITS = 32
LAST_ISSUE = 255


def closed_epc(authority_number: int, serial: int, issue: int, random: int) -> Epc:
    """The EPC of the `issue`-th tag of a serial; `random` makes it unguessable. Raises Conflict when the issues are used up."""
    if issue > LAST_ISSUE:
        raise Conflict("issues_used_up", serial=str(serial))
    return ClosedEpc(authority=authority_number, serial=serial, issue=issue, random=random).to_epc()
