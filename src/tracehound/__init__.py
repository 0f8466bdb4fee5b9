"""Tracehound: AI logs to OCSF events, signals and Sigma detections, in the SIEM a company already has."""

__version__ = "0.1.0"
