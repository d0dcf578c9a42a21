"""The one exception of connections: something is set up wrongly, so that no call can succeed before a person acts."""


class SetupError(Exception):
    """The connection is set up wrongly, so no call can succeed until a person changes it. Nothing was booked."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        """What is wrong, then what to do."""
        return f"{self.message}. {self.next_step}"
