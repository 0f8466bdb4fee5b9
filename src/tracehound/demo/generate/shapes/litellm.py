"""LiteLLM proxy 1.106: one StandardLoggingPayload per call.

https://docs.litellm.ai/docs/proxy/logging_spec
"""

from random import Random
from typing import Any

from tracehound.demo.generate.clock import http_date
from tracehound.demo.generate.day import Record
from tracehound.demo.generate.ids import base62, digest, hexes, uuid
from tracehound.demo.generate.shapes.litellm_call import ERRORS, Call, Model


def tokens(text: str) -> int:
    """A rough count: four characters a token, as English text has."""
    return max(1, len(text) // 4)


def prompt_tokens(messages: list[Record]) -> int:
    """Tokens of all messages with the four of framing each costs."""
    return 3 + sum(4 + tokens(str(message.get("content") or "")) for message in messages)


def guardrail(when: float, verdict: str, response: Any, name: str = "halden-prompt-shield") -> Record:
    """One entry of ``guardrail_information``; ``verdict`` is LiteLLM's guardrail status."""
    start = round(when + 0.004, 6)
    return {
        "guardrail_name": name,
        "guardrail_provider": None,
        "guardrail_mode": "pre_call",
        "guardrail_response": response,
        "guardrail_status": verdict,
        "start_time": start,
        "end_time": round(start + 0.031, 6),
        "duration": 0.031,
        "masked_entity_count": None,
    }


def headers(call: Call) -> Record:
    """What the proxy keeps of the request's headers."""
    kept: Record = {
        "host": "llm-gateway.haldenfreight.example",
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": call.caller.agent,
        "content-length": str(180 + sum(len(str(message.get("content"))) for message in call.messages)),
    }
    if call.caller.agent.startswith("OpenAI/Python"):
        kept |= {"x-stainless-lang": "python", "x-stainless-package-version": "2.54.0"}
    return kept


def metadata(call: Call, usage: Record, route: str) -> Record:
    """The ``metadata`` object: the key, its team, the requester."""
    caller = call.caller
    requester: Record = {"headers": headers(call), "used_client_oauth_token": False}
    if call.session:
        requester = {"session_id": call.session} | requester
    return {
        "user_api_key_hash": caller.key_hash,
        "user_api_key_alias": caller.alias,
        "user_api_key_spend": 0.0,
        "user_api_key_max_budget": None,
        "user_api_key_team_id": "team-" + digest(caller.team)[:12],
        "user_api_key_org_id": None,
        "user_api_key_user_id": caller.user_id,
        "user_api_key_team_alias": caller.team,
        "user_api_key_user_email": caller.email,
        "user_api_key_end_user_id": caller.end_user,
        "user_api_key_request_route": route,
        "spend_logs_metadata": None,
        "requester_ip_address": caller.address,
        "user_agent": caller.agent,
        "requester_metadata": requester,
        "prompt_management_metadata": None,
        "applied_guardrails": [call.guardrail["guardrail_name"]] if call.guardrail else [],
        "mcp_tool_call_metadata": None,
        "vector_store_request_metadata": None,
        "routing_decision": None,
        "usage_object": usage,
        "requester_custom_headers": {},
        "cold_storage_object_key": None,
        "user_api_key_auth_metadata": {},
    }


def payload(
    rng: Random, call: Call, took: float, usage: Record, response: Record, kind: str = "acompletion"
) -> Record:
    """The payload of a call; ``finish`` and ``fail`` fill in what differs between success and failure."""
    model, start = call.model, round(call.when, 6)
    route = "/v1/embeddings" if kind == "aembedding" else "/v1/chat/completions"
    first = start + (took * 0.18 if call.stream else took)
    paid = usage.get("prompt_tokens", 0) * model.prompt_price
    made = usage.get("completion_tokens", 0) * model.completion_price
    cost = paid + made
    status = call.guardrail["guardrail_status"] if call.guardrail else "not_run"
    trace = call.trace or uuid(rng)
    return {
        "id": response.get("id", ""),
        "litellm_call_id": uuid(rng),
        "trace_id": call.session or trace,
        "session_id": call.session,
        "call_type": kind,
        "cache_hit": False if call.stream else None,
        "stream": True if call.stream else None,
        "status": "success",
        "status_fields": {"llm_api_status": "success", "guardrail_status": status},
        "custom_llm_provider": model.provider,
        "saved_cache_cost": 0.0,
        "startTime": start,
        "endTime": round(start + took, 6),
        "completionStartTime": round(first, 6),
        "response_time": round(first - start, 6),
        "model": model.name,
        "metadata": metadata(call, usage, route),
        "cache_key": None,
        "response_cost": round(cost, 10),
        "cost_breakdown": breakdown(paid, made),
        "total_tokens": usage.get("total_tokens", 0),
        "prompt_tokens": usage.get("prompt_tokens", 0),
        "completion_tokens": usage.get("completion_tokens", 0),
        "request_tags": [
            f"User-Agent: {call.caller.agent.split('/')[0]}",
            f"User-Agent: {call.caller.agent}",
        ],
        "request_model_access_groups": [],
        "end_user": call.caller.end_user,
        "api_base": model.base,
        "model_group": model.group,
        "model_id": model.deployment,
        "requester_ip_address": call.caller.address,
        "user_agent": call.caller.agent,
        "messages": call.messages,
        "response": response,
        "model_parameters": {"stream": call.stream} | call.parameters,
        "hidden_params": hidden(rng, call, start + took, round(cost, 10)),
        "model_map_information": known(model, kind),
        "error_str": None,
        "error_information": error(),
        "response_cost_failure_debug_info": None,
        "guardrail_information": [call.guardrail] if call.guardrail else None,
        "standard_built_in_tools_params": {"web_search_options": None, "file_search": None},
    }


def breakdown(paid: float, made: float) -> Record:
    """What input and output cost, in dollars."""
    return {
        "input_cost": round(paid, 10),
        "output_cost": round(made, 10),
        "total_cost": round(paid + made, 10),
        "tool_usage_cost": 0.0,
        "original_cost": round(paid + made, 10),
    }


def hidden(rng: Random, call: Call, end: float, cost: float) -> Record:
    """``hidden_params``: the deployment and the upstream's headers."""
    return {
        "model_id": call.model.deployment,
        "cache_key": None,
        "api_base": call.model.base,
        "response_cost": cost,
        "additional_headers": {
            "llm_provider-date": http_date(end),
            "x-litellm-model-group": call.model.group,
            "x-litellm-attempted-retries": 0,
            "x-litellm-attempted-fallbacks": 0,
        },
        "litellm_overhead_time_ms": round(rng.uniform(4, 22), 3),
        "batch_models": None,
        "litellm_model_name": call.model.name,
        "usage_object": None,
    }


def known(model: Model, kind: str) -> Record:
    """``model_map_information``, without the hundred prices that are null."""
    return {
        "model_map_key": model.name,
        "model_map_value": {
            "key": model.name.partition("/")[2],
            "max_input_tokens": model.window,
            "input_cost_per_token": model.prompt_price,
            "output_cost_per_token": model.completion_price,
            "litellm_provider": model.provider,
            "mode": "embedding" if kind == "aembedding" else "chat",
        },
    }


def error(code: str = "", kind: str = "", provider: str = "", text: str = "") -> Record:
    """The ``error_information`` object, empty for a success."""
    category, normalized = None, None
    if kind in ERRORS:
        _, category, normalized, _ = ERRORS[kind]
    return {
        "error_code": code,
        "error_class": kind,
        "llm_provider": provider,
        "traceback": "",
        "error_message": text,
        "error_provider_request_id": None,
        "error_rate_limit_category": category,
        "error_rate_limit_type": None,
        "normalized_error": normalized,
    }


def usage_of(prompt: int, completion: int) -> Record:
    """OpenAI's usage object."""
    return {
        "completion_tokens": completion,
        "prompt_tokens": prompt,
        "total_tokens": prompt + completion,
        "completion_tokens_details": None,
        "prompt_tokens_details": {"audio_tokens": None, "cached_tokens": 0},
    }


def completion(rng: Random, call: Call, answer: str | None, tools: list[Record] | None = None) -> Record:
    """A successful chat completion with a text, tool calls, or both."""
    written = tokens(answer or "") + sum(tokens(str(tool["function"])) for tool in tools or [])
    usage = usage_of(prompt_tokens(call.messages), written)
    took = round(0.35 + written * rng.uniform(0.008, 0.022) + rng.expovariate(2.0), 6)
    response: Record = {
        "id": "chatcmpl-" + base62(rng, 29),
        "created": int(call.when),
        "model": call.model.group,
        "object": "chat.completion",
        "system_fingerprint": "fp_" + hexes(rng, 10),
        "choices": [
            {
                "finish_reason": "tool_calls" if tools else "stop",
                "index": 0,
                "message": {
                    "content": answer,
                    "role": "assistant",
                    "tool_calls": tools,
                    "function_call": None,
                },
            }
        ],
        "usage": usage,
    }
    if call.stream:
        call.parameters = {"stream_options": {"include_usage": True}} | call.parameters
    return payload(rng, call, took, usage, response)


def embedding(rng: Random, call: Call, texts: list[str]) -> Record:
    """An embedding call; LiteLLM logs the vectors' places, not their numbers."""
    count = sum(tokens(text) for text in texts)
    usage = usage_of(count, 0)
    response: Record = {
        "object": "list",
        "model": call.model.group,
        "data": [{"embedding": [], "index": n, "object": "embedding"} for n in range(len(texts))],
        "usage": usage,
    }
    record = payload(rng, call, round(rng.uniform(0.08, 0.9), 6), usage, response, "aembedding")
    record["id"] = record["litellm_call_id"]
    return record


def ids(record: Record) -> Record:
    """The ids by which a story names this record."""
    return {"litellm_call_id": record["litellm_call_id"], "id": record["id"], "trace_id": record["trace_id"]}
