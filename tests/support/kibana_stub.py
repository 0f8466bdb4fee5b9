"""A Kibana of its own for tests: HTTP, spaces, detection rules, licence, status, data views, saved objects.

It does what the published API documents say of the real one and what its users report: unknown fields of a rule are
dropped, defaults are added, ``revision`` counts edits, ``required_fields`` get ``ecs``. Where the documents are
at hand, each request's body is checked against them (``KibanaDocuments``); they are no part of this project.

    with KibanaStub() as kibana:
        kibana.url, kibana.rules["default"], kibana.requests
        kibana.edit("default", rule_id, query="...")      # an analyst in the editor
        kibana.faults.append(Fault(...))                  # what goes wrong next
"""

from __future__ import annotations

import copy
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import kibana_boards

Json = dict[str, Any]
DOCUMENTS = Path(__file__).parents[3] / "shared" / "engines" / "kibana-api"
PREFIX = "Security_Detections_API_"
SCHEMAS = "#/components/schemas/"
RULES = "/api/detection_engine/rules"
KEY = "right-key"
DEFAULTS: Json = {
    "actions": [], "author": [], "enabled": True, "exceptions_list": [], "false_positives": [], "from": "now-6m",
    "immutable": False, "interval": "5m", "max_signals": 100, "references": [], "related_integrations": [],
    "required_fields": [], "risk_score_mapping": [], "severity_mapping": [], "setup": "", "tags": [], "threat": [],
    "to": "now", "version": 1,
}  # fmt: skip
KNOWN = {
    *DEFAULTS, "rule_id", "name", "description", "risk_score", "severity", "type", "language", "query", "index",
    "note", "investigation_fields", "new_terms_fields", "history_window_start", "alert_suppression", "threshold",
    "filters", "meta", "license", "timestamp_override", "building_block_type", "rule_name_override", "data_view_id",
    "namespace", "throttle",
}  # fmt: skip


class KibanaDocuments:
    """Checks bodies against one of the trimmed API documents."""

    def __init__(self, name: str) -> None:
        from openapi_schema_validator import OAS30Validator
        from referencing import Registry, Resource
        from referencing.jsonschema import DRAFT4

        document = _without_discriminators(json.loads((DOCUMENTS / name).read_bytes()))
        registry = Registry().with_resource("urn:kbn", Resource(contents=document, specification=DRAFT4))
        self.schemas = document["components"]["schemas"]
        self._validator: Callable[[str], Any] = lambda ref: OAS30Validator(
            {"$ref": f"urn:kbn{ref}"}, registry=registry
        )

    def problems(self, what: str, body: Json) -> list[str]:
        """``what`` is Create, Update or Patch; the shape of the rule's type is asked."""
        if what == "Patch" and "type" not in body:
            candidates = [r["$ref"] for r in self.schemas[PREFIX + "RulePatchProps"]["anyOf"]]
            each = [self._errors(ref, body) for ref in candidates]
            return [] if any(not found for found in each) else min(each, key=len)
        family = {
            "query": "Query",
            "esql": "Esql",
            "eql": "Eql",
            "new_terms": "NewTerms",
            "threshold": "Threshold",
        }
        return self._errors(f"{SCHEMAS}{PREFIX}{family[body['type']]}Rule{what}Props", body)

    def _errors(self, ref: str, body: Json) -> list[str]:
        return [
            f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in self._validator(ref).iter_errors(body)
        ]


def _without_discriminators(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: _without_discriminators(v)
            for k, v in value.items()
            if k != "discriminator" or not isinstance(v, dict)
        }
    return [_without_discriminators(v) for v in value] if isinstance(value, list) else value


@cache
def documents() -> tuple[KibanaDocuments, ...]:
    """The documents that are here; none elsewhere."""
    names = ("kibana-8.18.trimmed.json", "kibana-main-2025-11.trimmed.json")
    return tuple(KibanaDocuments(name) for name in names if (DOCUMENTS / name).is_file())


@dataclass
class Fault:
    """Answers the next ``times`` requests that ``fits`` with ``status``; 0 cuts the connection.

    ``after``: the request is carried out first, only the answer is lost.
    """

    status: int
    fits: Callable[[str, str, Any], bool] = lambda method, path, body: True
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: Any


class RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class KibanaStub:
    """See the module; ``license`` and ``version`` may be set at any time."""

    def __init__(
        self, *, version: str = "8.19.5", license: str = "basic", spaces: tuple[str, ...] = ()
    ) -> None:
        self.version, self.license, self.key = version, license, ""
        self.rules: dict[str, dict[str, Json]] = {name: {} for name in ("default", *spaces)}
        self.saved: dict[str, dict[tuple[str, str], Json]] = {name: {} for name in self.rules}
        self.requests: list[Request] = []
        self.problems: list[str] = []
        """What the API documents say against requests."""
        self.faults: list[Fault] = []
        self.before: Callable[[Request], object] = lambda request: None
        self._lock = threading.RLock()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                stub._serve(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> KibanaStub:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # What people do in Kibana

    def edit(self, space: str, rule_id: str, **fields: Any) -> None:
        """An analyst saves the rule in the editor, which overwrites ``meta`` and writes spans in its own way."""
        with self._lock:
            rule = self.rules[space][rule_id]
            rule.update(fields)
            rule["meta"] = {"from": "1m", "kibana_siem_app_url": self.url}
            rule["revision"] += 1

    def add(self, space: str, rule: Json) -> None:
        """A rule of somebody else's."""
        with self._lock:
            self.rules[space][rule["rule_id"]] = self._whole(rule)

    def writes(self) -> list[Request]:
        """The requests that change something."""
        return [one for one in self.requests if one.method != "GET"]

    # HTTP

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        request = Request(handler.command, parts.path, query, json.loads(raw) if raw else None)
        with self._lock:
            self.requests.append(request)
            self.before(request)
            fault = self._fault(request)
        if fault is None or fault.after:
            status, answer = self._answer(request, handler)
        if fault is not None:
            if not fault.status:
                handler.close_connection = True
                handler.connection.close()
                return
            status, answer = fault.status, {"statusCode": fault.status, "message": "injected"}
        body = json.dumps(answer).encode()
        handler.send_response(status)
        for name, value in (fault.headers if fault else {}).items():
            handler.send_header(name, value)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.fits(request.method, request.path, request.body):
                fault.times -= 1
                return fault
        return None

    def _answer(self, request: Request, handler: BaseHTTPRequestHandler) -> tuple[int, Any]:
        if self.key and handler.headers.get("authorization") != f"ApiKey {self.key}":
            return 401, {"statusCode": 401, "error": "Unauthorized", "message": "security_exception"}
        if request.method != "GET" and not handler.headers.get("kbn-xsrf"):
            return 400, {"statusCode": 400, "message": "Request must contain a kbn-xsrf header."}
        try:
            with self._lock:
                return 200, self._route(request)
        except RefusedError as error:
            return error.status, {"status_code": error.status, "message": str(error)}

    def _route(self, request: Request) -> Any:
        space, path = "default", request.path
        if path.startswith("/s/"):
            _, _, space, rest = path.split("/", 3)
            path = f"/{rest}"
        if space not in self.rules:
            raise RefusedError(404, "Not Found")
        if path == "/api/status":
            return {"version": {"number": self.version}, "status": {"overall": {"level": "available"}}}
        if path == "/api/licensing/info":
            return {"license": {"type": self.license, "mode": self.license, "status": "active"}}
        if path.startswith("/api/spaces/space/"):
            name = path.rpartition("/")[2]
            if name not in self.rules:
                raise RefusedError(404, "Not Found")
            return {"id": name, "name": name}
        if path == f"{RULES}/_find":
            return self._find(space, request.query)
        if path == RULES:
            return getattr(self, f"_{request.method.lower()}")(space, request)
        try:
            status, found = kibana_boards.route(
                self.saved[space], request.method, path, request.query, request.body
            )
        except kibana_boards.NoRouteError:
            raise RefusedError(404, f"no route {path}") from None
        if status >= 400:
            self.problems += [found["message"]] if status == 400 else []
            raise RefusedError(status, found["message"])
        return found

    # Rules

    def _find(self, space: str, query: dict[str, str]) -> Json:
        rules = list(self.rules[space].values())
        if "params.immutable: false" in query.get("filter", ""):
            rules = [rule for rule in rules if not rule["immutable"]]
        page, size = int(query.get("page", 1)), int(query.get("per_page", 20))
        shown = rules[(page - 1) * size : page * size]
        return {"page": page, "perPage": size, "total": len(rules), "data": copy.deepcopy(shown)}

    def _named(self, space: str, rule_id: Any) -> Json:
        if rule_id not in self.rules[space]:
            raise RefusedError(404, f'rule_id: "{rule_id}" not found')
        return self.rules[space][rule_id]

    def _get(self, space: str, request: Request) -> Json:
        return copy.deepcopy(self._named(space, request.query.get("rule_id")))

    def _post(self, space: str, request: Request) -> Json:
        body = self._checked("Create", request.body)
        if body["rule_id"] in self.rules[space]:
            raise RefusedError(409, f'rule_id: "{body["rule_id"]}" already exists')
        self.rules[space][body["rule_id"]] = made = self._whole(body)
        return copy.deepcopy(made)

    def _patch(self, space: str, request: Request) -> Json:
        rule = self._named(space, request.body.get("rule_id"))
        body = self._checked("Patch", request.body)
        if body.get("type", rule["type"]) != rule["type"]:
            raise RefusedError(400, "the type of a rule cannot be changed")
        rule.update(_shaped(body))
        rule["revision"] += 1
        return copy.deepcopy(rule)

    def _put(self, space: str, request: Request) -> Json:
        rule = self._named(space, request.body.get("rule_id"))
        body = self._checked("Update", request.body)
        made = self._whole(body) | {"id": rule["id"], "revision": rule["revision"] + 1}
        self.rules[space][rule["rule_id"]] = made
        return copy.deepcopy(made)

    def _delete(self, space: str, request: Request) -> Json:
        rule = self._named(space, request.query.get("rule_id"))
        del self.rules[space][rule["rule_id"]]
        return rule

    def _checked(self, what: str, body: Json) -> Json:
        said = [problem for document in documents() for problem in document.problems(what, body)]
        self.problems += said + [f"{name}: unknown field" for name in body if name not in KNOWN]
        if said:
            raise RefusedError(400, "; ".join(said))
        if body.get("investigation_fields") == {}:
            raise RefusedError(400, "investigation_fields.field_names: Required")
        if body.get("max_signals", 100) > 1000:
            raise RefusedError(400, "max_signals above 1000")
        if body.get("alert_suppression") and self.license == "basic":
            raise RefusedError(403, "Your license does not support alert suppression")
        return body

    def _whole(self, body: Json) -> Json:
        """As Kibana keeps a rule: known fields, defaults, what it counts."""
        known = {name: value for name, value in copy.deepcopy(body).items() if name in KNOWN}
        return {
            **copy.deepcopy(DEFAULTS),
            **_shaped(known),
            "id": str(uuid.uuid4()),
            "rule_source": {"type": "internal"},
            "revision": 0,
            "created_at": "2026-01-01T00:00:00.000Z",
            "created_by": "elastic",
            "updated_at": "2026-01-01T00:00:00.000Z",
            "updated_by": "elastic",
            **({"immutable": True} if body.get("immutable") else {}),
        }


def _shaped(body: Json) -> Json:
    made = {name: value for name, value in body.items() if name in KNOWN}
    if "required_fields" in made:
        made["required_fields"] = [{**one, "ecs": False} for one in made["required_fields"]]
    return made


def prebuilt(number: int) -> Iterator[Json]:
    """Rules that Elastic ships, as they lie beside ours."""
    for n in range(number):
        yield {
            "rule_id": f"prebuilt-{n}", "name": f"Prebuilt {n}", "description": "d", "risk_score": 21,
            "severity": "low", "type": "query", "query": "*:*", "language": "kuery", "immutable": True,
        }  # fmt: skip
