"""The six attacks hidden in the day."""
