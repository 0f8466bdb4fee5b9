"""The one configuration file, ``tracehound.yml``, and the precedence flag > environment > file.

``load_settings`` reads the file named by ``--config``, else by ``TRACEHOUND_CONFIG``, else ``tracehound.yml``
in the working directory when there is one. ``packs`` on the command line are added after those of the file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tracehound.errors import ConfigError, nearest

DEFAULT_FILE = "tracehound.yml"

Keep = Literal["store", "hash", "drop"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Privacy(_Strict):
    """What becomes of texts after they were scanned."""

    prompt: Keep = Field(
        "store", description="ai.prompt_text: store, hash (keep ai.prompt_hash only) or drop."
    )
    response: Keep = Field("store", description="ai.response_text: store, hash or drop.")
    tool: Keep = Field("store", description="Tool arguments and results: store, hash or drop.")
    redact: bool = Field(True, description="Mask secrets and personal data in the texts that are stored.")
    max_chars: int = Field(8192, ge=64, le=1_000_000, description="Texts are cut after so many characters.")
    raw: Literal["drop", "store"] = Field(
        "drop", description="store: the record goes whole into raw_data of its first event."
    )
    unmapped: Literal["store", "drop"] = Field("store", description="What no field takes: store, or drop it.")


class Models(_Strict):
    """The company's word on models: names, or patterns with ``*``; compared without case."""

    approved: list[str] = Field(default_factory=list, description="Models that may be used.")
    unapproved: list[str] = Field(default_factory=list, description="Models that may not be used.")


class Services(_Strict):
    """The company's word on AI services by domain; a domain stands for all below it."""

    approved: list[str] = Field(default_factory=list, description="Domains of AI services that may be used.")
    unapproved: list[str] = Field(default_factory=list, description="Domains that may not be used.")


class Settings(_Strict):
    """Everything that can be set; each key's JSON Schema is printed by ``tracehound schema config``."""

    packs: list[Path] = Field(default_factory=list, description="Folders of the company's own content.")
    lists: dict[str, list[str]] = Field(
        default_factory=dict, description="Values for |expand placeholders in rules, by name."
    )
    privacy: Privacy = Field(Privacy(), description="What becomes of texts.")
    models: Models = Field(Models(), description="Approved and unapproved models.")
    services: Services = Field(Services(), description="Approved and unapproved AI services.")
    aliases: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Principal -> its other names (ARN, e-mail, key hash); compared without case.",
    )
    targets: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Settings of targets by name (elastic, ...); secrets are not written here.",
    )
    lateness: int = Field(300, ge=0, le=86_400, description="Seconds that an event may be late, for windows.")


def load_settings(file: Path | None = None, packs: Sequence[Path] = ()) -> Settings:
    """The settings, checked; a ``ConfigError`` says file, place, reason and the nearest valid name."""
    named = file or (Path(os.environ["TRACEHOUND_CONFIG"]) if os.environ.get("TRACEHOUND_CONFIG") else None)
    path = named or (Path(DEFAULT_FILE) if Path(DEFAULT_FILE).is_file() else None)
    raw, marks = _read(path) if path else ({}, None)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(_explain(error, path, marks)) from error
    base = path.parent if path else Path()
    _check_targets(settings, path, marks, base)
    folders = [_pack(base / pack) for pack in settings.packs] + [_pack(pack) for pack in packs]
    return settings.model_copy(update={"packs": folders})


def _check_targets(settings: Settings, path: Path | None, marks: yaml.Node | None, base: Path) -> None:
    """Each target's settings by its own model; what the environment or a flag may still give is not missed."""
    if not settings.targets:
        return
    from tracehound import targets  # most runs have none

    packs = [base / pack for pack in settings.packs]
    for name, values in settings.targets.items():
        model = targets.model_of(targets.target(name, packs))
        try:
            model.model_validate(values)
        except ValidationError as error:
            lines = []
            for problem in error.errors()[:5]:
                place = ("targets", name, *problem["loc"])
                said = targets.problem_in_words(problem, model)
                lines.append(f"{path}{_line(marks, place)}: {'.'.join(str(p) for p in place)}: {said}")
            raise ConfigError("\n".join(lines)) from None


def _read(path: Path) -> tuple[dict[str, Any], yaml.Node | None]:
    """The settings of a file as plain values, and as nodes that know their lines."""
    try:
        text = path.read_text("utf-8")
        raw, marks = yaml.safe_load(text), yaml.compose(text, yaml.SafeLoader)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: is not YAML: {getattr(error, 'problem', error)}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: is nested too deeply") from error
    if raw is None:
        return {}, None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: the top level must be a mapping of settings")
    _refuse_doubles(path, marks)
    return raw, marks


def _refuse_doubles(path: Path, node: yaml.Node | None) -> None:
    """YAML's readers keep the last of two equal keys without a word; a setting must not get lost so."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            raise ConfigError(f"{path}:{key.start_mark.line + 1}: {key.value} is set twice")
        seen.add(key.value)
        _refuse_doubles(path, value)


def _pack(path: Path) -> Path:
    if not path.is_dir():
        raise ConfigError(f"pack {path}: no such folder")
    return path


def _explain(error: ValidationError, path: Path | None, marks: yaml.Node | None) -> str:
    """The first problems in words, each with its line; an unknown key names the nearest valid one."""
    lines = []
    for problem in error.errors()[:5]:
        place = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            said = f"unknown setting{nearest(str(problem['loc'][-1]), _keys(problem['loc'][:-1]))}"
        else:
            said = problem["msg"]
        lines.append(f"{path or 'settings'}{_line(marks, problem['loc'])}: {place}: {said}")
    return "\n".join(lines)


def _line(node: yaml.Node | None, place: tuple[int | str, ...]) -> str:
    """``:LINE`` of the setting at a place, or of the innermost one above it that the file has."""
    line = ""
    for part in place:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if pair is None:
                break
            key, node = pair
            line = f":{key.start_mark.line + 1}"
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = f":{node.start_mark.line + 1}"
        else:
            break
    return line


def _keys(place: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in place:
        field = model.model_fields.get(str(part))
        kind = field.annotation if field else None
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return []
        model = kind
    return list(model.model_fields)
