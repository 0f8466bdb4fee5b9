"""Models: canonical provider and version from what attributes say."""

from __future__ import annotations

from tracehound.models import maker

PROVIDERS = {
    "aws": "amazon", "aws.bedrock": "amazon", "aws_bedrock": "amazon", "amazon-bedrock": "amazon",
    "amazon_bedrock": "amazon", "strands-agents": "amazon", "azure.ai.openai": "openai", "az.ai.openai": "openai",
    "azure_openai": "openai", "azure-openai": "openai", "openai_agents": "openai", "azure.ai.inference": "azure",
    "az.ai.inference": "azure", "gcp.gemini": "google", "gcp.gen_ai": "google", "gcp.vertex_ai": "google",
    "gcp.vertex.agent": "google", "google_genai": "google", "vertexai": "google", "hugging_face": "huggingface",
    "ibm.watsonx.ai": "ibm", "watsonx": "ibm", "llama": "meta", "mistral_ai": "mistral", "moonshot_ai": "moonshot",
    "together_ai": "together", "togetherai": "together", "x_ai": "xai",
}  # fmt: skip
"""Values of gen_ai.provider.name, gen_ai.system, llm.system, llm.provider and ai.model.provider that are no
company's name."""


def provider(said: str | None, model: str | None) -> str | None:
    """The maker of the model where its name tells, else the provider that the log names, lower case."""
    name = (said or "").strip().lower()
    known = PROVIDERS.get(name)
    if known is None:  # the Vercel AI SDK adds the API: openai.responses
        short = name.partition(".")[0]
        known = PROVIDERS.get(short, short)
    return maker(model, known)


def named(requested: str | None, answered: str | None) -> tuple[str | None, str | None, bool]:
    """Name and version of the model, and whether the name is that of the request.

    A response that only adds a date to the name gives the version; one that names another model gives the name,
    since that is what answered.
    """
    if not requested or not answered or requested == answered:
        return requested or answered, None, True
    if answered.startswith(requested) and answered[len(requested)] in "-:@_":
        return requested, answered[len(requested) + 1 :] or None, True
    return answered, None, False
