"""The pipeline ``tracehound`` for Sigma's own tools: ``sigma convert -t splunk -p tracehound RULE``."""

from sigma.processing.pipeline import ProcessingPipeline

from tracehound.compiler.prepare import tracehound_pipeline as _pipeline


def tracehound() -> ProcessingPipeline:
    """AI events in OCSF, as Tracehound writes them."""
    return _pipeline()


__all__ = ["tracehound"]
