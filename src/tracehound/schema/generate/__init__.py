"""What is made from the schema: JSON Schema, Elasticsearch mapping, Splunk props, documentation.

All output is deterministic: the same schema gives the same bytes.
"""
