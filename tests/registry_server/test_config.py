"""What may be shown of the settings."""

import pytest

from registry_server.config import Settings
from registry_server.errors import SetupError


@pytest.mark.parametrize(
    ("broker_url", "shown"),
    [
        pytest.param("mqtt://127.0.0.1:1883", "mqtt://127.0.0.1:1883", id="no password"),
        pytest.param("mqtts://worker:canary@mq.example:8883", "mqtts://mq.example:8883", id="a password"),
        pytest.param("mqtt://worker:can@ary@mq.example", "mqtt://mq.example", id="an at sign in it"),
        pytest.param("mqtt://worker:can/ary@mq.example", "mqtt://mq.example", id="a slash in it"),
        pytest.param("mqtt://worker:can#ary?@mq.example", "mqtt://mq.example", id="a hash in it"),
        pytest.param("worker:canary@mq.example", "mq.example", id="the scheme forgotten"),
        pytest.param("", "", id="none"),
    ],
)
def test_the_broker_s_address_holds_no_password(broker_url: str, shown: str) -> None:
    assert Settings(broker_url=broker_url).broker_address == shown


@pytest.mark.parametrize("url", ["mysql://u:canary@h/x", "h/x", "postgres:canary"], ids=["another database", "no scheme", "half a scheme"])
def test_a_database_of_another_kind_is_refused_in_words(url: str) -> None:
    with pytest.raises(SetupError, match="expected postgresql://user:password@host/name") as refusal:
        Settings(database_url=url).sqlalchemy_url  # noqa: B018 — asking is what fails
    assert "canary" not in str(refusal.value)
