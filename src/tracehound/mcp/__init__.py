"""The Model Context Protocol: what surrounds a JSON-RPC message in a log, and what the messages hold."""
