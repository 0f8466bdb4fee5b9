"""Where content lies: in a checkout at the repository's top, in an installed wheel inside the package."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parent.parent

KINDS = ("normalizers", "enrichers", "detections", "connectors", "dashboards")


def content_root() -> Path:
    """The folder that holds ``normalizers/``, ``enrichers/``, ``detections/`` and so on."""
    in_checkout = (CHECKOUT / "pyproject.toml").is_file() and (CHECKOUT / "detections").is_dir()
    return CHECKOUT if in_checkout else PACKAGE


def content_dir(kind: str) -> Path:
    """The folder of one kind of content; ``kind`` is one of ``KINDS``."""
    return content_root() / kind
