"""Inputs and targets: one module or folder each in ``connectors/``."""

from __future__ import annotations

from tracehound.content import content_dir

__path__ = [str(content_dir("connectors"))]
