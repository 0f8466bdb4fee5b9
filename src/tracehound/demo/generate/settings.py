"""The invented company's settings file: what it approves, and who is who."""

import yaml

from tracehound.demo.generate.people import EGRESS, aliases

MODELS = [
    "gpt-4o",
    "openai/gpt-4o",
    "gpt-4o-mini",
    "openai/gpt-4o-mini",
    "claude-sonnet-4-5*",
    "anthropic/claude-sonnet-4-5*",
    "claude-haiku-4-5*",
    "*anthropic.claude-sonnet-4-5-20250929-v1:0",
    "amazon.titan-embed-text-v2:0",
    "text-embedding-3-small",
    "openai/text-embedding-3-small",
    "eta-forecast",
]
SERVICES = [
    "llm-gateway.haldenfreight.example",
    "api.openai.com",
    "api.anthropic.com",
    "bedrock-runtime.us-east-1.amazonaws.com",
    "bedrock-runtime.eu-central-1.amazonaws.com",
    "api.githubcopilot.com",
]
# Values for the rules' placeholders.
LISTS = {
    "approved_mcp_servers": ["tickets", "warehouse", "project-files"],
    "company_egress_addresses": [EGRESS],
    "ml_pipeline_principals": ["demand-forecast"],
}
HEAD = "# What Halden Freight, the company of the sample day, has approved; a file for --config.\n"


def settings() -> str:
    """The file's text."""
    content = {
        "models": {"approved": MODELS, "unapproved": ["*deepseek*"]},
        "services": {"approved": SERVICES, "unapproved": ["deepseek.com"]},
        "lists": LISTS,
        "aliases": aliases(),
    }
    return HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=200)
