"""ES|QL queries as JSON on standard input, what is wrong with each on standard output."""

import json
import sys

import esql


def problem(query: str) -> str | None:
    try:
        esql.parse_query(query)
    except esql.EsqlError as error:
        return " ".join(str(error).split()) or type(error).__name__
    return None


asked = json.load(sys.stdin)
with esql.Schema({"properties": asked["properties"]}), esql.ParserConfig(min_stack_version=asked["version"]):
    json.dump([problem(query) for query in asked["queries"]], sys.stdout)
