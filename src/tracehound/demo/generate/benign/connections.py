"""MCP servers on an ordinary day: tickets, the read-only warehouse database, project files."""

from random import Random

from tracehound.demo.generate.clock import office_time
from tracehound.demo.generate.day import Day
from tracehound.demo.generate.prompts.talk import VALUES
from tracehound.demo.generate.shapes.mcp import Connection, Server

TICKETS = Server(
    "tickets",
    "1.9.2",
    "Read and comment tickets of the operations board.",
    (
        ("get_ticket", "Return a ticket with its comments.", {"key": "string"}),
        ("search_tickets", "Search tickets by text.", {"query": "string"}),
        ("add_comment", "Add a comment to a ticket.", {"key": "string", "text": "string"}),
    ),
)
WAREHOUSE = Server(
    "warehouse",
    "0.7.0",
    "Read-only access to the reporting database.",
    (
        ("query", "Run one SELECT statement, at most 500 rows.", {"sql": "string"}),
        ("describe_table", "Columns of a table.", {"table": "string"}),
    ),
)
FILES = Server(
    "project-files",
    "2.3.1",
    "Files below the project folder.",
    (
        ("read_file", "Read a text file of the project.", {"path": "string"}),
        ("list_directory", "List a folder of the project.", {"path": "string"}),
    ),
)


def build(day: Day) -> None:
    """Fill in the connections of an ordinary day."""
    rng = day.rng("connections")
    for _ in range(22):
        server = rng.choice((TICKETS, WAREHOUSE, FILES))
        client = rng.choice(["claude-code", "claude-code", "vscode"])
        link = Connection(day, rng, server, office_time(rng), client)
        link.open()
        for _ in range(rng.randrange(2, 7)):
            link.now += rng.uniform(3, 90)
            use(link, rng)
        if rng.random() < 0.3:
            link.request("ping", {}, {})


def use(link: Connection, rng: Random) -> None:
    """One call that fits the server."""
    key, table = f"OPS-{rng.randrange(2100, 7900)}", rng.choice(VALUES["table"])
    module, port = rng.choice(VALUES["module"]), rng.choice(VALUES["port"])
    match link.server.name, rng.random():
        case "tickets", chance if chance < 0.6:
            summary = f"ETA of {port} shown in the wrong time zone"
            link.call(
                "get_ticket", {"key": key}, {"key": key, "summary": summary, "status": "open", "comments": 3}
            )
        case "tickets", chance if chance < 0.85:
            link.call("search_tickets", {"query": port}, [{"key": key, "summary": f"Slot in {port} missing"}])
        case "tickets", _:
            link.call("add_comment", {"key": key, "text": f"Fixed in {module}, on staging now."}, "ok")
        case "warehouse", chance if chance < 0.65:
            sql = f"select carrier, count(*) from {table} group by carrier order by 2 desc limit 5"
            link.call(
                "query",
                {"sql": sql},
                [["Nordline", rng.randrange(90, 900)], ["Kestrel", rng.randrange(20, 90)]],
            )
        case "warehouse", chance if chance < 0.85:
            link.call(
                "describe_table",
                {"table": table},
                f"{table}(id bigint, ref text, carrier text, eta timestamptz)",
            )
        case "warehouse", _:
            link.call(
                "query",
                {"sql": f"select * from {table}_old"},
                f'relation "{table}_old" does not exist',
                failed=True,
            )
        case _, chance if chance < 0.7:
            link.call(
                "read_file",
                {"path": f"src/{module}/cli.py"},
                f'"""Command line of {module}."""\n\nimport argparse\n',
            )
        case _, _:
            link.call("list_directory", {"path": f"src/{module}"}, "cli.py\nmodels.py\nrates.py\nservice.py")
