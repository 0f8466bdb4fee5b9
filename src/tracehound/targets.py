"""Targets: places that take events, rules and boards. One folder each in ``connectors/``, fetched by name.

``connectors/NAME/__init__.py`` defines ``TARGET = Target("NAME", __name__, {verb: "module:name"})``. The module of
a verb is imported when the verb is used. ``"settings"`` names the class of its settings, a ``TargetSettings``.

A setting comes from a flag, else from ``TRACEHOUND_<NAME>_<SETTING>``, else from ``targets: {NAME: ...}`` in
tracehound.yml. A secret is no setting: for each name in ``SECRETS`` it is read from ``TRACEHOUND_<NAME>_<SECRET>``,
from the file ``<secret>_file`` or from the keyring entry ``<secret>_keyring``.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from tracehound import plugins
from tracehound.errors import ConfigError, nearest
from tracehound.secrets import Secret, find_secret, hide

if TYPE_CHECKING:
    from tracehound.config import Settings

S = TypeVar("S", bound="TargetSettings")
MOST_PROBLEMS = 5


class TargetSettings(BaseModel):
    """Base of a target's settings; unknown keys are refused, secrets are beside the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    SECRETS: ClassVar[tuple[str, ...]] = ()
    _secrets: dict[str, Secret | None] = PrivateAttr(default_factory=dict)

    def secret(self, name: str) -> Secret | None:
        """A secret of this target, None where no place for it is set."""
        return self._secrets.get(name)

    def hide(self, text: str) -> str:
        """A text of others without our secrets."""
        return hide(text, self._secrets.values())

    def with_secrets(self: S, **secrets: Secret | None) -> S:
        """A copy that has these secrets."""
        copied = self.model_copy()
        copied._secrets = {**self._secrets, **secrets}
        return copied


@dataclass(frozen=True, slots=True)
class Target:
    """A target by name. ``parts``: verb -> ``module:name`` in the folder ``package``."""

    name: str
    package: str
    parts: Mapping[str, str] = field(default_factory=dict)

    def part(self, verb: str) -> Any:
        """What does this verb here; a ``ConfigError`` where the target has no such verb."""
        try:
            module, _, name = self.parts[verb].partition(":")
        except KeyError:
            raise ConfigError(f"{verb} {self.name}: this target does not know the verb {verb}") from None
        return getattr(importlib.import_module(f"{self.package}.{module}"), name)


def names(packs: Sequence[Path] = ()) -> list[str]:
    """The targets there are: the folders of ``connectors/``."""
    return [plugins.name_of(p) for p in plugins.files("connectors", packs) if p.name == "__init__.py"]


def target(name: str, packs: Sequence[Path] = ()) -> Target:
    """The target with this name, of a pack where one has it. Raises ``ConfigError``."""
    for path in plugins.files("connectors", packs):
        if plugins.name_of(path) == name and path.name == "__init__.py":
            found = getattr(plugins.module("connectors", path), "TARGET", None)
            if isinstance(found, Target):
                return found
    known = names(packs)
    raise ConfigError(f"{name}: no such target{nearest(name, known)}; there are: {', '.join(known)}")


def model_of(found: Target) -> type[TargetSettings]:
    """The class of a target's settings."""
    model: type[TargetSettings] = found.part("settings")
    return model


def target_settings(
    found: Target,
    settings: Settings,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Any:
    """The settings of a target with its secrets: flag > environment > file. Raises ``ConfigError``.

    A flag that is None or empty was not given.
    """
    model = model_of(found)
    prefix = f"TRACEHOUND_{found.name.upper()}_"
    values: dict[str, Any] = dict(settings.targets.get(found.name, {}))
    sources = dict.fromkeys(values, f"targets.{found.name}")
    for name, info in model.model_fields.items():
        said = environ.get(prefix + name.upper())
        if said:
            values[name] = said.split(",") if _is_list(info.annotation) else said
            sources[name] = "the environment"
    for name, value in (flags or {}).items():
        if value is not None and value != ():
            if name not in model.model_fields:
                raise ConfigError(f"--{name.replace('_', '-')}: the target {found.name} has no such setting")
            values[name] = list(value) if isinstance(value, tuple) else value
            sources[name] = f"--{name.replace('_', '-')}"
    try:
        made = model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error, model, sources, found.name)) from None
    secrets = {
        name: find_secret(
            name,
            environ,
            prefix + name.upper(),
            getattr(made, f"{name}_file", None),
            getattr(made, f"{name}_keyring", None),
        )
        for name in model.SECRETS
    }
    return made.with_secrets(**secrets)


def _is_list(annotation: Any) -> bool:
    return "list[" in str(annotation) or any("list[" in str(part) for part in get_args(annotation))


def _explain(
    error: ValidationError, model: type[TargetSettings], sources: Mapping[str, str], name: str
) -> str:
    lines = []
    for problem in error.errors()[:MOST_PROBLEMS]:
        place = ".".join(str(part) for part in problem["loc"])
        source = sources.get(str(problem["loc"][0]) if problem["loc"] else "", f"targets.{name}")
        lines.append(f"{source}: {place or name}: {problem_in_words(problem, model)}")
    return "\n".join(lines)


def problem_in_words(problem: Any, model: type[TargetSettings]) -> str:
    """What is wrong with a setting, without its value."""
    if problem["type"] != "extra_forbidden":
        return str(problem["msg"]).removeprefix("Value error, ")
    name = str(problem["loc"][-1])
    if name in model.SECRETS:
        return f"secrets are not written here; use {name}_file, {name}_keyring or the environment"
    return f"unknown setting{nearest(name, model.model_fields)}"
