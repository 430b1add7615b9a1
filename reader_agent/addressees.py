"""Under which address a batch was sealed: its names are signed, so it can only go out on the topic of that address."""

from reader_agent.spool.spool import SpooledBatch
from schemas.identifiers import BootId
from schemas.messages import find_sender
from schemas.topics import AgentAddress


class Addressees:
    """The addresses of all lives in the spool. After the configuration has got another name, earlier lives keep theirs."""

    def __init__(self, own: AgentAddress, boot: BootId) -> None:
        self._own = own
        self._by_life: dict[BootId, AgentAddress] = {boot: own}  # a life has one configuration
        self._welcome = {own}

    def find(self, batch: SpooledBatch) -> AgentAddress:
        """Our own where the batch does not say: a later version may have made it."""
        if batch.boot not in self._by_life:
            self._by_life[batch.boot] = find_sender(batch.body) or self._own
        return self._by_life[batch.boot]

    def is_welcome(self, batch: SpooledBatch) -> bool:
        """Whether it may take its turn: our own address, or one under which the registry has confirmed something since we began."""
        return self.find(batch) in self._welcome

    def note_confirmed(self, life: BootId) -> None:
        if life in self._by_life:
            self._welcome.add(self._by_life[life])
