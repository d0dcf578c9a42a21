"""What the ledger raises. A stranger's trap: after either error nothing of the transaction was written."""


class StoreError(Exception):
    """The ledger's file or its surroundings refuse: no space, no permission, damage, another program holding it.

    Attributes:
        message: what is wrong, in one sentence.
        next_step: what a person does now.
    """

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(f"{message}. {next_step}")
        self.message = message
        self.next_step = next_step


class RefusedError(Exception):
    """The ledger's own rules refuse the entry: a key taken before, a missing reference, an edit of what is append-only.

    In a run this means that another process wrote first, or a defect of the program; it is never a fault of an input.
    """
