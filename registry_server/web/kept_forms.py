"""A form that was sent after the session had run out waits, sealed, in the sign-in page until the same officer is back."""

import base64
import json
from dataclasses import dataclass

from fastapi import Request

from registry_server.errors import SetupError
from registry_server.people.sign_in import find_past_officer_id
from registry_server.secrets_box import SecretsBox
from registry_server.web import csrf

PURPOSE = "kept form"


@dataclass(frozen=True, slots=True)
class KeptForm:
    path: str
    fields: list[tuple[str, str]]


def seal(request: Request, form: list[tuple[str, str]], token: str | None) -> str:
    """Text for a hidden field; empty if the cookie's token never belonged to an officer. Nobody can read it without signing in as them."""
    with request.app.state.database.read() as session:
        officer_id = find_past_officer_id(session, token) if token else None
    if officer_id is None:
        return ""
    fields = [(name, value) for name, value in form if name != csrf.FIELD]
    secrets: SecretsBox = request.app.state.secrets
    return base64.urlsafe_b64encode(secrets.encrypt(json.dumps([officer_id, request.url.path, fields]), PURPOSE)).decode()


def unseal(text: str, officer_id: int, secrets: SecretsBox) -> KeptForm | None:
    """The form, if it is this officer's; None for another's, a damaged one, or none."""
    try:
        kept_for, path, fields = json.loads(secrets.decrypt(base64.urlsafe_b64decode(text), PURPOSE))
    except (ValueError, SetupError):
        return None
    return KeptForm(path, [(name, value) for name, value in fields]) if kept_for == officer_id else None
