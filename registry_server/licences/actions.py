"""What an officer may do to a licence from its page: a table, and which rows of it are open. Pure."""

from datetime import date
from enum import StrEnum

from registry_server.licences.states import ALLOWED, LicenceState
from registry_server.licences.terms import years_to_renew


class Action(StrEnum):
    RENEW = "renew"
    REPLACE_TAG = "replace-tag"
    SUSPEND = "suspend"
    RESUME = "resume"
    STOLEN = "stolen"
    FOUND = "found"
    CANCEL = "cancel"


LEADS_TO = {Action.SUSPEND: LicenceState.SUSPENDED, Action.RESUME: LicenceState.ACTIVE, Action.CANCEL: LicenceState.CANCELLED}
GRAVE = frozenset({Action.CANCEL})
"""Cannot be taken back: the button warns."""


def open_actions(state: LicenceState, *, is_stolen: bool, valid_until: date, today: date) -> list[Action]:
    """In the order of the page."""
    is_living = state is not LicenceState.CANCELLED
    is_open = {
        Action.RENEW: is_living and bool(years_to_renew(valid_until, today)),
        Action.REPLACE_TAG: is_living,
        Action.STOLEN: not is_stolen,
        Action.FOUND: is_stolen,
    } | {action: state_after in ALLOWED[state] for action, state_after in LEADS_TO.items()}
    return [action for action in Action if is_open[action]]
