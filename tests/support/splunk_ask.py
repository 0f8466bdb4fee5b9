"""Requests to the management port of the Splunk stand-in, for tests of it."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
from splunk_stub import SplunkStub

UNTRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
OWN = "/servicesNS/nobody/tracehound"


class Ask:
    """One user's requests; answers are (status, JSON)."""

    def __init__(self, stub: SplunkStub, token: str | None = None) -> None:
        self.stub, self.headers = stub, {"authorization": f"Bearer {token or stub.token}"}

    def raw(self, method: str, path: str, data: dict[str, Any] | None = None, **query: Any) -> httpx.Response:
        place, query = self.stub.url + path, {"output_mode": "json", **query}
        return httpx.request(
            method, place, params=query, data=data, headers=self.headers, timeout=30, verify=UNTRUSTING
        )

    def get(self, path: str, **query: Any) -> tuple[int, Any]:
        answer = self.raw("GET", path, **query)
        return answer.status_code, answer.json()

    def post(self, path: str, **data: Any) -> tuple[int, Any]:
        answer = self.raw("POST", path, data)
        return answer.status_code, answer.json()

    def json(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        answer = httpx.request(
            method, self.stub.url + path, params=query, headers=self.headers, verify=UNTRUSTING, json=body
        )
        return answer.status_code, answer.json()

    def delete(self, path: str, **query: Any) -> tuple[int, Any]:
        answer = self.raw("DELETE", path, **query)
        return answer.status_code, answer.json()

    def content(self, path: str) -> dict[str, Any]:
        """The content of one entry."""
        status, body = self.get(path)
        assert status == 200, body
        return dict(body["entry"][0]["content"])


def text_of(body: Any) -> str:
    """The first message of an error."""
    return str(body["messages"][0]["text"])
