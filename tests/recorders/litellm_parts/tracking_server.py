"""A stdio MCP server behind the recorded LiteLLM proxy."""

from mcp.server.mcpserver import MCPServer

server = MCPServer("tracking", version="2.1.0")


@server.tool()
def container_status(container: str) -> str:
    """Say where a container is."""
    return f"{container}: discharged at Rotterdam, customs released"


server.run()
