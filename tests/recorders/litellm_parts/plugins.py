"""Loaded by the LiteLLM proxy from its configuration: recorder callback, virtual keys, guardrails.

Runs inside the recorder's venv. ``RECORD_FILE`` names the file that takes one JSON object per logged call.
"""

import json
import os
from pathlib import Path

from fastapi import HTTPException
from litellm.integrations.custom_guardrail import CustomGuardrail, log_guardrail_information
from litellm.integrations.custom_logger import CustomLogger
from litellm.proxy._types import ProxyException, UserAPIKeyAuth


class Recorder(CustomLogger):
    """Writes ``{"kind", "standard_logging_object"}`` for each call, as the object comes."""

    def _write(self, kind, kwargs):
        payload = kwargs.get("standard_logging_object")
        if payload is not None:
            line = json.dumps(
                {"kind": kind, "standard_logging_object": payload}, default=str, ensure_ascii=False
            )
            with Path(os.environ["RECORD_FILE"]).open("a", encoding="utf-8") as out:
                out.write(line + "\n")

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        self._write("success", kwargs)

    async def async_log_failure_event(self, kwargs, response_obj, start_time, end_time):
        self._write("failure", kwargs)


recorder = Recorder()

TEAM = {
    "dispatch": {"team_id": "team-dispatch-01", "team_alias": "dispatch", "org_id": "org-harborline"},
    "platform": {"team_id": "team-platform-02", "team_alias": "platform", "org_id": "org-harborline"},
}
KEYS = {
    "sk-hl-mara-7Qp2": {
        "key_alias": "mara-laptop",
        "user_id": "mara.lindqvist",
        "user_email": "mara.lindqvist@harborline.example",
        **TEAM["dispatch"],
    },
    "sk-hl-tomasz-9Vd4": {
        "key_alias": "tomasz-notebooks",
        "user_id": "tomasz.wrona",
        "user_email": "tomasz.wrona@harborline.example",
        **TEAM["platform"],
    },
    "sk-hl-portal-1Xk8": {
        "key_alias": "customer-portal-prod",
        "user_id": "svc-customer-portal",
        "user_email": None,
        **TEAM["platform"],
    },
}


async def authenticate(request, api_key):
    """Stand in for the proxy's key table, which would need a database."""
    known = KEYS.get(api_key)
    if known is None:
        raise ProxyException(
            message="Authentication Error, Invalid proxy server token passed.",
            type="auth_error",
            param="None",
            code=401,
        )
    return UserAPIKeyAuth(api_key=api_key, metadata={}, **known)


def asked(data):
    last = (data.get("messages") or [{}])[-1].get("content") or ""
    return last if isinstance(last, str) else json.dumps(last)


class PromptShield(CustomGuardrail):
    """Blocks prompts that tell the model to forget its instructions."""

    @log_guardrail_information
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        if "ignore all previous instructions" in asked(data).lower():
            detail = {"error": "Violated guardrail policy", "policy": "prompt_injection", "score": 0.97}
            raise HTTPException(status_code=400, detail=detail)
        return data


class ToneWatch(CustomGuardrail):
    """Notes a hit without blocking."""

    async def async_moderation_hook(self, data, user_api_key_dict, call_type):
        hit = "competitor" in asked(data).lower()
        self.add_standard_logging_guardrail_information_to_request_data(
            guardrail_json_response={"verdict": "flag" if hit else "pass", "topics": ["competitor_pricing"]},
            request_data=data,
            guardrail_status="guardrail_flagged" if hit else "success",
            guardrail_provider="harborline-tone",
            duration=0.004,
        )


class RemoteScan(CustomGuardrail):
    """A scanner whose service is down, and which lets nothing pass then."""

    @log_guardrail_information
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        detail = {"error": "scanner at scan.harborline.example:8443 did not answer within 2 s"}
        raise HTTPException(status_code=503, detail=detail)
