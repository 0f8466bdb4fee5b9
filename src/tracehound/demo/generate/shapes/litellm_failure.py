"""Calls of the LiteLLM gateway that fail: upstream errors, the guardrail, unknown models."""

from random import Random

from tracehound.demo.generate.day import Record
from tracehound.demo.generate.shapes.litellm import error, guardrail, payload
from tracehound.demo.generate.shapes.litellm_call import ERRORS, Call


def failure(rng: Random, call: Call, kind: str, text: str | None = None, code: str = "") -> Record:
    """A call that ended in an error of the upstream, or of the guardrail if ``text`` says so."""
    if text is None:
        code, _, _, template = ERRORS[kind]
        text = template.format(
            who="OpenAIException" if call.model.provider == "openai" else "AnthropicException",
            model=call.model.group,
            window=call.model.window,
            big=call.model.window + rng.randrange(900, 60_000),
            n=rng.randrange(100, 999),
        )
        text = f"litellm.{kind}: {text}"
    took = 120.004 if kind == "Timeout" else round(rng.uniform(0.02, 0.8), 6)
    record = payload(rng, call, took, {}, {})
    record["id"] = record["litellm_call_id"]
    record["status"] = "failure"
    record["status_fields"]["llm_api_status"] = "failure"
    record["cost_breakdown"] = None
    record["hidden_params"] |= {"model_id": None, "api_base": None, "additional_headers": None}
    record["error_str"] = text
    provider = "" if kind == "HTTPException" else call.model.provider
    record["error_information"] = error(code, kind, provider, text)
    if kind == "HTTPException":
        record["error_information"]["normalized_error"] = "400_INVALID_REQUEST"
    return record


def blocked(rng: Random, call: Call, policy: str) -> Record:
    """A request that the guardrail refused before it reached a model."""
    name = "halden-prompt-shield"
    call.guardrail = guardrail(
        call.when,
        "guardrail_intervened",
        f"400: {{'error': 'Violated guardrail policy: {policy}'}}",
        name,
    )
    text = (
        f"400: {{'error': 'Violated guardrail policy: {policy}', 'guardrail_name': '{name}', "
        "'guardrail_mode': 'pre_call'}"
    )
    return failure(rng, call, "HTTPException", text, "400")


def unknown_model(rng: Random, call: Call, name: str) -> Record:
    """A request for a model the gateway does not have."""
    said = (
        f"Invalid model name passed in model={name}. Call `/v1/models` to view available models for your key."
    )
    text = f"400: {{'error': '/chat/completions: {said}'}}"
    record = failure(rng, call, "ProxyModelNotFoundError", text, "400")
    record |= {"model": name, "model_group": "", "model_id": "", "api_base": "", "custom_llm_provider": None}
    record["model_map_information"] = {"model_map_key": "", "model_map_value": None}
    record["error_information"] |= {"llm_provider": "", "normalized_error": "400_INVALID_REQUEST"}
    return record
