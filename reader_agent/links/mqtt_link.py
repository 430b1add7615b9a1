"""A reader that publishes to a broker: we subscribe to its topic."""

from firmware_protocols.json_lines import line_of
from reader_agent.door_address import MqttAddress
from reader_agent.errors import LinkLost
from reader_agent.links.inbox import ListeningLink
from reader_agent.links.mqtt_client import BrokerConnection, Ears


class MqttLink(ListeningLink):
    """Each message is one line. The line is lost with the broker; that the reader has fallen silent is for others to notice."""

    def __init__(self, address: MqttAddress) -> None:
        """Raises LinkLost."""
        super().__init__(address.url)
        self._connection = BrokerConnection(address, Ears(self._hear, self._inbox.end))

    def close(self) -> None:
        super().close()
        self._connection.close()

    def _hear(self, message: bytes) -> None:
        if not self._inbox.put(line_of(message)):
            self._inbox.end(
                LinkLost(self._where, "more came than could be taken in; let the reader publish less, or fewer readers to this topic")
            )
