"""Bytes to records: JSON in the forms that logs come in, taken out of their envelopes."""
