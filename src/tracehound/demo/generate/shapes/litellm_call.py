"""What goes into a call of the LiteLLM gateway: models, callers, the errors it can end in."""

from dataclasses import dataclass, field

from tracehound.demo.generate.day import Record
from tracehound.demo.generate.ids import digest


@dataclass(frozen=True)
class Model:
    """A deployment of the gateway: its public name, LiteLLM's name, the upstream and prices per token."""

    group: str
    name: str
    provider: str
    base: str
    prompt_price: float
    completion_price: float
    window: int = 128_000

    @property
    def deployment(self) -> str:
        """The hash by which LiteLLM names a deployment."""
        return digest(f"{self.group} {self.name} {self.base}")


OPENAI = "https://api.openai.com/v1/"
ANTHROPIC = "https://api.anthropic.com/v1/messages"
MODELS = {
    model.group: model
    for model in (
        Model("gpt-4o", "openai/gpt-4o", "openai", OPENAI, 2.5e-06, 1e-05),
        Model("gpt-4o-mini", "openai/gpt-4o-mini", "openai", OPENAI, 1.5e-07, 6e-07),
        Model(
            "claude-sonnet-4-5",
            "anthropic/claude-sonnet-4-5-20250929",
            "anthropic",
            ANTHROPIC,
            3e-06,
            1.5e-05,
            200_000,
        ),
        Model("text-embedding-3-small", "openai/text-embedding-3-small", "openai", OPENAI, 2e-08, 0.0, 8191),
    )
}

ERRORS = {
    # class: (code, category of the rate limit, LiteLLM's normalised name, text)
    "RateLimitError": (
        "429",
        "vendor_rate_limit",
        "429_RATE_LIMIT_EXCEEDED",
        (
            "RateLimitError: {who} - Rate limit reached for {model} on tokens per min (TPM): Limit 450000, "
            "Used 448{n}, Requested 2{n}. Please try again in 412ms."
        ),
    ),
    "BadRequestError": (
        "400",
        None,
        "400_INVALID_REQUEST",
        "{who} - Invalid 'max_tokens': integer above maximum value. Expected a value <= 16384.",
    ),
    "ContextWindowExceededError": (
        "400",
        None,
        "400_CONTEXT_WINDOW_EXCEEDED",
        (
            "litellm.BadRequestError: {who} - This model's maximum context length is {window} tokens. "
            "However, your messages resulted in {big} tokens."
        ),
    ),
    "Timeout": ("408", None, "408_TIMEOUT", "APITimeoutError - Request timed out after 120.0 seconds."),
    "InternalServerError": (
        "500",
        None,
        "500_PROVIDER_INTERNAL_ERROR",
        "InternalServerError: {who} - The server had an error while processing your request.",
    ),
}


@dataclass
class Caller:
    """Who calls the gateway: a key and, behind it, perhaps an end user."""

    key_hash: str
    alias: str
    user_id: str | None
    email: str | None
    team: str
    address: str
    agent: str = "OpenAI/Python 2.54.0"
    end_user: str | None = None


@dataclass
class Call:
    """One request as the client sends it."""

    when: float
    caller: Caller
    model: Model
    messages: list[Record]
    session: str = ""
    trace: str = ""
    stream: bool = False
    parameters: Record = field(default_factory=dict)
    guardrail: Record | None = None
