"""What the management port of the Splunk stand-in refuses, with Splunk's statuses and the form of its texts."""

from __future__ import annotations


class RefusedError(Exception):
    """An answer with an error: its status and message. ``kind``: ERROR, WARN or FATAL."""

    def __init__(self, status: int, text: str, kind: str = "ERROR") -> None:
        super().__init__(text)
        self.status, self.text, self.kind = status, text, kind


def missing(name: str) -> RefusedError:
    """No such object."""
    return RefusedError(404, f"Could not find object id={name}")


def exists(noun: str, name: str) -> RefusedError:
    """A second one of this name."""
    if noun == "saved search":
        said = (
            f"Unable to create saved search with name '{name}'. A saved search with that name already exists."
        )
        return RefusedError(409, said)
    return RefusedError(409, f"An object with name={name} already exists")


def unknown_argument(name: str) -> RefusedError:
    """An argument that the handler does not know."""
    return RefusedError(400, f'Argument "{name}" is not supported by this handler.')


def lacks(user: str, capability: str) -> RefusedError:
    """A user without a capability."""
    said = f"You (user={user}) do not have permission to perform this operation"
    return RefusedError(403, f"{said} (requires capability: {capability}).")
