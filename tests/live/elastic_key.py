"""Prints an API key for tests/live with the roles that ``tracehound doctor elastic`` prints.

ELASTIC_PASSWORD=... TRACEHOUND_TEST_ELASTIC_URL=... TRACEHOUND_TEST_ELASTIC_CA_CERTS=... python elastic_key.py
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import ssl
import sys
import urllib.request


def main() -> None:
    roles = importlib.import_module("tracehound.connectors.elastic.roles").ROLES
    login = base64.b64encode(f"elastic:{os.environ['ELASTIC_PASSWORD']}".encode()).decode()
    request = urllib.request.Request(
        os.environ["TRACEHOUND_TEST_ELASTIC_URL"].rstrip("/") + "/_security/api_key",
        json.dumps({"name": "tracehound-live", "expiration": "1d", "role_descriptors": roles}).encode(),
        {"content-type": "application/json", "authorization": f"Basic {login}"},
    )
    context = ssl.create_default_context(cafile=os.environ.get("TRACEHOUND_TEST_ELASTIC_CA_CERTS"))
    with urllib.request.urlopen(request, context=context, timeout=30) as answer:
        sys.stdout.write(json.load(answer)["encoded"] + "\n")


if __name__ == "__main__":
    main()
