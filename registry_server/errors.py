"""Refusals on purpose. The class is the reason, the attributes are the facts; the web layer turns them into words and a status."""


class RegistryError(Exception):
    """Base of every refusal this service makes on purpose."""


class NotFound(RegistryError):
    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"no {kind} {key}")
        self.kind, self.key = kind, str(key)


class MoveRefused(RegistryError):
    """The state table has no such step."""

    def __init__(self, kind: str, key: str, old: str, new: str) -> None:
        super().__init__(f"{kind} {key} is {old}; it cannot become {new}")
        self.kind, self.key, self.old, self.new = kind, key, old, new


class FieldProblem(RegistryError):
    """One field of a form or row is not acceptable. `code` names the sentence, `found` is what was typed."""

    def __init__(self, field: str, code: str, found: str = "", **facts: str) -> None:
        super().__init__(f"{field}: {code} ({found!r})")
        self.field, self.code, self.found, self.facts = field, code, found, facts


class FieldProblems(RegistryError):
    """All that is wrong with one form, so that the officer corrects it in one go."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class Conflict(RegistryError):
    """Somebody was faster, or the thing exists. `code` names the sentence."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(f"{code}: {facts}")
        self.code, self.facts = code, facts


class NotAllowed(RegistryError):
    """The officer's role does not cover this."""

    def __init__(self, role: str, action: str) -> None:
        super().__init__(f"a {role} may not {action}")
        self.role, self.action = role, action


class SetupError(RegistryError):
    """The engineer must do something first. The sentence says what."""
