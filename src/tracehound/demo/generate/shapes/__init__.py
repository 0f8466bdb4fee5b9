"""Builders of single records, one module per vendor's format."""
