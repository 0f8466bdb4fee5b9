"""What is particular to Claude Code's events."""
