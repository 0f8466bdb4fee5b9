"""The ordinary day, source by source."""
