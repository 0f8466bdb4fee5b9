"""What the evaluator says when a search lies outside the subset, or outside what Splunk documents.

SplError
"""


class SplError(Exception):
    """A search that is not evaluated: the reason, and where in the (expanded) text it stands.

    ``position`` is a 0-based offset into ``query``; -1 when the refusal depends on an event's values.
    """

    def __init__(self, reason: str, query: str = "", position: int = -1) -> None:
        self.reason, self.query, self.position = reason, query, position
        near = (
            f" at {position}: ...{query[max(0, position - 20) : position + 20]}..." if position >= 0 else ""
        )
        super().__init__(f"{reason}{near}")
