"""What a contract says when a value does not keep it."""


class ContractError(ValueError):
    """A value is not what the contract asks for. Says which, what was expected and what was found."""

    def __init__(self, what: str, expected: str, found: str) -> None:
        super().__init__(f"{what}: expected {expected}, found {found}")
        self.what, self.expected, self.found = what, expected, found
