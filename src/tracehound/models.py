"""Who makes a model, told from its name; and model ids of Bedrock without their routing.

Names are lower case and one per company: the maker where the name tells it, else what serves it.
"""

from __future__ import annotations

from functools import lru_cache

MAKERS = {
    "ai21": "ai21", "alibaba": "alibaba", "amazon": "amazon", "anthropic": "anthropic", "cohere": "cohere",
    "dashscope": "alibaba", "deepseek": "deepseek", "deepseek-ai": "deepseek", "google": "google",
    "ibm": "ibm", "ibm-granite": "ibm", "luma": "luma", "meta": "meta", "meta-llama": "meta",
    "microsoft": "microsoft", "minimax": "minimax", "mistral": "mistral", "mistralai": "mistral",
    "moonshot": "moonshot", "moonshotai": "moonshot", "nvidia": "nvidia", "openai": "openai", "qwen": "alibaba",
    "stability": "stability", "stabilityai": "stability", "twelvelabs": "twelvelabs", "writer": "writer",
    "x-ai": "xai", "xai": "xai", "z-ai": "zai", "zai": "zai", "zai-org": "zai",
}  # fmt: skip
"""Names of makers as they stand in model ids (``meta.llama3``, ``meta-llama/Llama-3``) or as providers."""
FAMILIES = (
    ("anthropic", ("claude",)),
    ("openai", ("gpt", "chatgpt", "o1", "o3", "o4", "dall-e", "whisper", "tts-", "text-embedding-3",
                "text-embedding-ada", "text-davinci", "davinci-", "babbage-", "codex", "omni-moderation",
                "text-moderation", "sora", "computer-use-preview")),
    ("google", ("gemini", "gemma", "palm", "text-bison", "chat-bison", "imagen", "veo-", "textembedding-gecko",
                "text-embedding-004", "text-embedding-005", "gecko")),
    ("meta", ("llama", "codellama", "meta-llama")),
    ("mistral", ("mistral", "mixtral", "codestral", "ministral", "pixtral", "magistral", "devstral", "voxtral")),
    ("cohere", ("command", "embed-english", "embed-multilingual", "embed-v4", "rerank-", "c4ai-", "aya-")),
    ("amazon", ("titan", "nova-", "rerank-v1", "sonic")),
    ("deepseek", ("deepseek",)),
    ("alibaba", ("qwen", "qwq", "tongyi")),
    ("xai", ("grok",)),
    ("ai21", ("jamba", "jurassic", "j2-")),
    ("stability", ("stable-", "stable_", "sd3", "sdxl")),
    ("microsoft", ("phi-", "phi3", "phi4", "wizardlm")),
    ("nvidia", ("nemotron", "nvidia")),
    ("moonshot", ("kimi", "moonshot")),
    ("zai", ("glm-", "chatglm")),
    ("ibm", ("granite",)),
)  # fmt: skip
SERVING = {
    "azure": "azure", "azure_ai": "azure", "bedrock": "amazon", "bedrock_converse": "amazon",
    "sagemaker": "amazon", "sagemaker_chat": "amazon", "vertex_ai": "google", "vertex_ai_beta": "google",
    "gemini": "google", "hosted_vllm": "vllm", "ollama_chat": "ollama", "text-completion-openai": "openai",
    "cohere_chat": "cohere", "codestral": "mistral", "text-completion-codestral": "mistral",
}  # fmt: skip
"""What a provider is called where only it is known."""
REGIONS = {"us", "us-gov", "eu", "apac", "ap", "jp", "au", "ca", "sa", "me", "af", "global"}
"""Prefixes of Bedrock's cross-region inference profiles."""


@lru_cache(maxsize=4096)
def maker(model: str | None, provider: str | None = None) -> str | None:
    """Who makes the model, lower case; the provider where its name does not tell; None where nothing does."""
    name = (model or "").lower()
    for part in name.replace(":", "/").split("/"):
        if part in MAKERS:
            found = MAKERS[part]
            if part != (provider or "").lower():  # "openai/…" names the protocol that a gateway speaks
                return found
        vendor, dot, rest = bedrock_name(part).partition(".")
        if dot and vendor in MAKERS and rest:
            return MAKERS[vendor]
        for company, starts in FAMILIES:
            if part.startswith(starts):
                return company
    served = (provider or "").lower().strip()
    return SERVING.get(served, MAKERS.get(served, served)) or None


def bedrock_name(model_id: str) -> str:
    """``arn:…:inference-profile/us.anthropic.claude-x`` -> ``anthropic.claude-x``."""
    name = model_id.rpartition("/")[2] if model_id.startswith("arn:") else model_id
    prefix, dot, rest = name.partition(".")
    return rest if dot and prefix.lower() in REGIONS else name
