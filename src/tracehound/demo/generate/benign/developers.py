"""Developers with Claude Code on an ordinary day."""

import json
from random import Random
from typing import Any

from tracehound.demo.generate.clock import office_time
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import base62
from tracehound.demo.generate.people import team
from tracehound.demo.generate.prompts import texts
from tracehound.demo.generate.prompts.talk import fill
from tracehound.demo.generate.shapes.claude_code import SMALL, Session


def build(day: Day) -> None:
    """Fill in the developers' ordinary day."""
    rng = day.rng("developers")
    for _ in range(34):
        session(day, rng)


def session(day: Day, rng: Random) -> None:
    """One session: start, one or two tasks."""
    run = Session(day, rng, rng.choice(team("engineering", "data")), office_time(rng))
    if rng.random() < 0.3:
        run.emit("auth", action="login", success="true", auth_method="oauth")
        run.wait(2, 9)
    for server in ("tickets", "warehouse") if rng.random() < 0.5 else ():
        run.emit(
            "mcp_server_connection",
            status="connected",
            transport_type="stdio",
            server_scope="project",
            duration_ms=rng.randrange(120, 900),
            is_plugin=False,
            server_name=server,
        )
        run.wait(0.1, 0.4)
    for _ in range(rng.choice([1, 1, 2])):
        task(run, rng, rng.choice(texts("developer")["tasks"]))
        run.wait(40, 400)
    run.flush()


def task(run: Session, rng: Random, chosen: dict[str, Any]) -> None:
    """A prompt, the tools it takes, the answer."""
    lines = [chosen["ask"], chosen["end"], *(step[1] for step in chosen["steps"])]
    filled = [user for user, _ in fill(rng, tuple((line, "") for line in lines))]
    run.ask(filled[0])
    run.think(model=SMALL)
    if rng.random() < 0.15:
        run.emit("permission_mode_changed", from_mode="default", to_mode="plan", trigger="shift_tab")
        run.wait(3, 8)
    for (tool, _), argument in zip(chosen["steps"], filled[2:], strict=True):
        run.think()
        if tool in ("Edit", "Write") and rng.random() < 0.06:
            run.decide(tool, {}, "reject", "user_reject", "toolu_01" + base62(rng, 22))
            run.wait(4, 20)
        source = "user_temporary" if tool in ("Edit", "Write", "Bash") and rng.random() < 0.4 else "config"
        failed = "Exit code 1\n2 failed, 40 passed" if "pytest" in argument and rng.random() < 0.2 else ""
        run.use(tool, arguments(run, tool, argument), source, failed)
    if rng.random() < 0.05:
        run.emit(
            "api_error",
            model="claude-sonnet-4-5-20250929",
            error="529 overloaded_error: Overloaded",
            status_code=529,
            duration_ms=rng.randrange(300, 2000),
            attempt=1,
            request_id="req_011C" + base62(rng, 20),
            speed="normal",
            query_source="repl_main_thread",
        )
        run.wait(2, 6)
    run.think(filled[1])


def arguments(run: Session, tool: str, argument: str) -> Record:
    """The tool's input as Claude Code passes it."""
    home = "/Users" if "mac" in run.who.host else "/home"
    root = f"{home}/{run.who.email.partition('.')[0]}/src/halden"
    match tool:
        case "Bash":
            return {"command": argument, "description": f"Run {argument.split()[0]}"}
        case "Read":
            return {"file_path": f"{root}/{argument}"}
        case "Edit":
            return {
                "file_path": f"{root}/{argument}",
                "old_string": "    return rate",
                "new_string": "    return cents(rate)",
            }
        case "Write":
            return {
                "file_path": f"{root}/{argument}",
                "content": "def test_retry_gives_up_after_three():\n    ...",
            }
        case "Grep" | "Glob":
            return {"pattern": argument, "path": root}
        case _:
            parsed: Record = json.loads(argument)
            return parsed
