"""The part of OCSF 1.8.0 that events of ours use: objects here, classes in ``classes``.

Names, types and numbers are those of https://schema.ocsf.io/1.8.0; a test compares every model with the
official schema. An attribute that OCSF has and these models lack is added here first.
"""
