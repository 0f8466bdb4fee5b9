"""What the verbs on targets share: the name of the target, and how it is reached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from tracehound.config import Settings
    from tracehound.targets import Target

F = TypeVar("F", bound=Callable[..., Any])
CONNECTION = "tracehound.connection"


def _kept(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    ctx.meta.setdefault(CONNECTION, {})[option.name] = value


def target_options(function: F) -> F:
    """The target's name (argument ``target``), and options that reach it, for ``target_of``."""
    path = click.Path(path_type=Path, dir_okay=False)
    options = (
        click.option(
            "--url", multiple=True,
            help="Address of the cluster (elastic; repeated: several nodes), of the management port (splunk).",
        ),
        click.option("--hec-url", help="Address of the HTTP Event Collector (splunk)."),
        click.option("--namespace", help="Namespace of the data streams (elastic)."),
        click.option("--index", help="Index of the events (splunk)."),
        click.option("--app", help="App of the searches and boards (splunk)."),
        click.option("--username", help="User name, where a password is used."),
        click.option("--ca-certs", type=path, help="CA certificates (PEM) that sign the server's."),
        click.option("--client-cert", type=path, help="Our certificate (PEM)."),
        click.option("--client-key", type=path, help="The key of our certificate (PEM)."),
        click.option("--fingerprint", help="SHA-256 fingerprint of the server's certificate (elastic)."),
        click.option("--kibana-url", help="Address of Kibana (elastic)."),
        click.option("--kibana-space", help="Kibana space (elastic)."),
    )  # fmt: skip
    made: Any = function
    for option in reversed(options):
        made = _silent(option, made)
    return click.argument("target", metavar="TARGET")(made)  # type: ignore[no-any-return]


def _silent(option: Callable[[Any], Any], function: Any) -> Any:
    """An option whose value goes into the context instead of an argument."""
    made = option(function)
    parameter = made.params[-1] if isinstance(made, click.Command) else made.__click_params__[-1]
    parameter.expose_value, parameter.callback = False, _kept
    return made


def target_of(name: str, settings: Settings) -> tuple[Target, Any]:
    """The target and its settings: flag > environment > file. Raises ``ConfigError``."""
    from tracehound.targets import target, target_settings

    found = target(name, settings.packs)
    flags = click.get_current_context().meta.get(CONNECTION, {})
    return found, target_settings(found, settings, flags)
