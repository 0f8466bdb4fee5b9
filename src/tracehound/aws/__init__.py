"""What AWS names: who calls, from where, the resources of a call, and its parameters as labels."""

from tracehound.aws.identity import actor, cloud, origin
from tracehound.aws.resources import HIDDEN, MAX_LABEL, MAX_LABELS, arn_name, arn_type, labels, resources

__all__ = [
    "HIDDEN",
    "MAX_LABEL",
    "MAX_LABELS",
    "actor",
    "arn_name",
    "arn_type",
    "cloud",
    "labels",
    "origin",
    "resources",
]
