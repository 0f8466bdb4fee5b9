"""One client for three servers, and what it does with the secrets and answers it is given."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from elastic_push import clean, day, part
from engines import Server
from fault_proxy import FaultProxy, Say

from tracehound.errors import ConfigError, TargetError

client, push = part("client"), part("push")
WHAT = {"elasticsearch8": "elasticsearch", "elasticsearch9": "elasticsearch", "opensearch": "opensearch"}


@pytest.mark.parametrize("name", WHAT)
def test_it_knows_the_server(name: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(name)
    with clean(server) as cluster:
        assert cluster.server.flavour == WHAT[name]
        assert ".".join(map(str, cluster.server.version)) == server.version
        found = cluster.client.search(index="*", size=0)
        assert found["hits"]["hits"] == []


ANSWERS: dict[str, tuple[Say, type[Exception], str]] = {
    "a web server": (Say(200, {"hello": 1}), ConfigError, "no Elasticsearch"),
    "too old": (Say(200, {"version": {"number": "7.17.0"}}), ConfigError, "at least 8.19"),
    "an old OpenSearch": (
        Say(200, {"version": {"number": "1.3.0", "distribution": "opensearch"}}), ConfigError, "at least 2.19",
    ),
    "no login": (Say(401, {"error": {"type": "security_exception", "reason": "no"}}), ConfigError, "API key"),
    "no right": (Say(403, {"error": {"type": "security_exception"}}), ConfigError, "doctor elastic"),
    "out of order": (Say(500, {"error": {"root_cause": [], "type": "a", "reason": "b"}}), TargetError, "a: b"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_what_it_makes_of_an_answer(name: str) -> None:
    said, kind, wanted = ANSWERS[name]
    with FaultProxy("http://127.0.0.1:9") as proxy:
        proxy.plan = lambda _request: said
        settings = part("settings").ElasticSettings(url=proxy.url)
        opened = client.elastic(settings)
        with pytest.raises(kind, match=wanted):
            client.server_of(opened, settings)
        opened.close()


def test_serverless_is_not_asked_for_its_version() -> None:
    with FaultProxy("http://127.0.0.1:9") as proxy:
        proxy.plan = lambda _r: Say(200, {"version": {"number": "8.11.0", "build_flavor": "serverless"}})
        settings = part("settings").ElasticSettings(url=proxy.url)
        opened = client.elastic(settings)
        assert client.server_of(opened, settings).flavour == "serverless"
        opened.close()


@pytest.mark.parametrize("compress", [True, False])
def test_a_bulk_request(compress: bool) -> None:
    """Media type, compression and lines, as they go over the wire."""
    documents = [part("events").Encoder("ns").document(event) for event in day(30)]
    with FaultProxy("http://127.0.0.1:9") as proxy:
        proxy.plan = lambda r: Say(200, {"errors": False, "items": [{"create": {"status": 201}}] * 30})
        settings = part("settings").ElasticSettings(url=proxy.url, compress=compress)
        opened = client.elastic(settings)
        transport = push.BulkTransport(opened, settings, client.Server("elasticsearch", (9, 5), "c"))
        answer = transport.send(documents)
        assert (answer.duplicates, list(answer.rejected), list(answer.retry)) == (0, [], [])
        opened.close()
    (request,) = proxy.requests
    assert request.headers["content-type"] == "application/x-ndjson"
    assert "require_data_stream=true" in request.path
    lines = request.body.split(b"\n")
    assert lines[-1] == b""
    for number, document in enumerate(documents):
        action = json.loads(lines[2 * number])
        assert action == {"create": {"_index": document.route, "_id": document.uid}}
        assert lines[2 * number + 1] == document.body


@pytest.mark.parametrize("uid", ['a"b', "a\\b", "a\nb", "ü", "a b"])
def test_ids_of_others_are_escaped(uid: str) -> None:
    line = push.body_of([push.Document(uid, "r", b"{}")]).split(b"\n")[0]
    assert json.loads(line)["create"]["_id"] == uid


ITEMS: dict[str, tuple[list[Any], tuple[int, int, int]]] = {
    "there already": ([{"status": 409, "error": {"type": "version_conflict"}}], (1, 0, 0)),
    "later": ([{"status": 429, "error": {}}, {"status": 503, "error": {}}], (0, 0, 2)),
    "a blocked index": ([{"status": 403, "error": {"type": "cluster_block_exception"}}], (0, 0, 1)),
    "refused": ([{"status": 400, "error": {"type": "document_parsing_exception"}}], (0, 1, 0)),
    "the failure store": ([{"status": 201, "failure_store": "used"}], (0, 1, 0)),
    "no failure store": ([{"status": 201, "failure_store": "not_applicable_or_unknown"}], (0, 0, 0)),
}


@pytest.mark.parametrize("name", ITEMS)
def test_what_each_item_means(name: str) -> None:
    items, wanted = ITEMS[name]
    documents = [push.Document(str(n), "r", b"{}") for n in range(len(items))]
    with FaultProxy("http://127.0.0.1:9") as proxy:
        proxy.plan = lambda _r: Say(200, {"errors": True, "items": [{"create": item} for item in items]})
        settings = part("settings").ElasticSettings(url=proxy.url)
        opened = client.elastic(settings)
        answer = push.BulkTransport(opened, settings).send(documents)
        opened.close()
    assert (answer.duplicates, len(answer.rejected), len(answer.retry)) == wanted


CLUSTER_RIGHTS = {"monitor", "manage_index_templates", "manage_ilm"}
INDEX_RIGHTS = {"create_doc", "auto_configure", "read", "view_index_metadata", "manage"}
"""Of those that https://www.elastic.co/docs/reference/elasticsearch/security-privileges names."""


def test_roles_have_the_form_of_the_request() -> None:
    """``PUT /_security/role/NAME``: names, known rights, Kibana's features; push reads and manages nothing."""
    roles = part("roles").ROLES
    for body in roles.values():
        assert set(body) <= {"cluster", "indices", "applications"}
        assert set(body["cluster"]) <= CLUSTER_RIGHTS
        for one in body["indices"]:
            assert set(one) == {"names", "privileges"}
            assert set(one["privileges"]) <= INDEX_RIGHTS
        for one in body.get("applications", ()):
            assert set(one) == {"application", "privileges", "resources"}
            assert all(re.fullmatch(r"feature_\w+\.all", right) for right in one["privileges"])
            assert all(place.startswith("space:") for place in one["resources"])
    (indices,) = roles["tracehound_push"]["indices"]
    assert set(indices["privileges"]) == {"create_doc", "auto_configure"}
    assert "applications" not in roles["tracehound_push"]
    for text in part("roles").describe().split("\n\nPUT "):
        json.loads(text.partition("\n")[2])


def test_roles_name_only_our_streams() -> None:
    roles = part("roles")
    for role in roles.ROLES.values():
        names = [name for one in role["indices"] for name in one["names"]]
        assert all(name.startswith(("logs-tracehound.", "tracehound.")) for name in names)
    assert "create_doc" in roles.describe()
    assert "all" not in roles.ROLES["tracehound_push"]["indices"][0]["privileges"]
