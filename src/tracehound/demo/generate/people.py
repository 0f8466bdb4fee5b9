"""Who works at Halden Freight: invented people, service accounts and their ids in each system."""

from dataclasses import dataclass
from functools import cache
from random import Random

from tracehound.demo.generate.day import ACCOUNT, SEED
from tracehound.demo.generate.ids import base32, base62, digest, uuid

DOMAIN = "haldenfreight.example"
EGRESS = "192.0.2.10"
ORGANISATION = "org-" + "Hq7RmT2vWkZp9sXc"
SSO = "AWSReservedSSO_{role}_8f3a91c2d7e64b05"

# Services whose one key stands in front of many end users.
FRONTS = ("harbor-chat", "wiki-search")

STAFF = (
    # name, department, office address, language
    ("Maren Ohlsen", "operations", "10.20.4.11", "de"),
    ("Tobias Renk", "operations", "10.20.4.12", "de"),
    ("Jonas Petrik", "operations", "10.20.4.13", "en"),
    ("Ines Varga", "operations", "10.20.4.14", "en"),
    ("Lucie Marchand", "sales", "10.20.5.21", "fr"),
    ("Callum Birch", "sales", "10.20.5.22", "en"),
    ("Noor Aldahl", "sales", "10.20.5.23", "en"),
    ("Pilar Quesada", "sales", "10.20.5.24", "es"),
    ("Haruto Minase", "sales", "10.20.5.25", "ja"),
    ("Greta Solheim", "finance", "10.20.6.31", "en"),
    ("Oskar Lindqvar", "finance", "10.20.6.32", "de"),
    ("Wanda Krol", "finance", "10.20.6.33", "en"),
    ("Emil Tanner", "finance", "10.20.6.34", "en"),
    ("Rosalind Aske", "people", "10.20.7.41", "en"),
    ("Benedikt Faro", "people", "10.20.7.42", "de"),
    ("Sunniva Dahl", "legal", "10.20.7.51", "en"),
    ("Marc Delatour", "legal", "10.20.7.52", "fr"),
    ("Yusuf Erden", "support", "10.20.8.61", "en"),
    ("Clara Whitby", "support", "10.20.8.62", "en"),
    ("Mateo Llorens", "support", "10.20.8.63", "es"),
    ("Anouk Visscher", "marketing", "10.20.9.71", "en"),
    ("Dominic Sayre", "marketing", "10.20.9.72", "en"),
    ("Priya Nandakar", "engineering", "10.20.12.101", "en"),
    ("Felix Aumann", "engineering", "10.20.12.102", "de"),
    ("Ewa Stolarz", "engineering", "10.20.12.103", "en"),
    ("Liam Corrigan", "engineering", "10.20.12.104", "en"),
    ("Sora Takamine", "engineering", "10.20.12.105", "ja"),
    ("Nadia Berkane", "engineering", "10.20.12.106", "fr"),
    ("Victor Hale", "engineering", "10.20.12.107", "en"),
    ("Ruben Castellan", "engineering", "10.20.12.108", "es"),
    ("Ingrid Moe", "data", "10.20.13.121", "en"),
    ("Tomasz Wilk", "data", "10.20.13.122", "en"),
    ("Adaeze Okoro", "security", "10.20.14.131", "en"),
    ("Stellan Brandt", "security", "10.20.14.132", "en"),
    ("Katja Rauch", "platform", "10.20.15.141", "de"),
    ("Damian Frey", "platform", "10.20.15.142", "en"),
)


@dataclass(frozen=True)
class Person:
    """One employee and the names under which the systems know him or her."""

    name: str
    email: str
    team: str
    address: str
    language: str
    key_hash: str
    openai_id: str
    claude_uuid: str
    claude_account: str
    claude_user: str
    aws_role: str
    host: str

    @property
    def arn(self) -> str:
        """The session of the single sign-on role."""
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.aws_role}/{self.email}"


@dataclass(frozen=True)
class Service:
    """A workload's account: a gateway key, an AWS role session or a long-lived IAM user."""

    name: str
    team: str
    address: str
    arn: str
    key_hash: str
    access_key: str


def access_key(rng: Random, prefix: str = "AKIA", account: str = ACCOUNT) -> str:
    """An access key id in today's form: forty bits of the account id, then random bits, in base32."""
    bits = (1 << 79) | (int(account) << 39) | rng.getrandbits(39)
    letters = ""
    for shift in range(75, -1, -5):
        letters += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(bits >> shift) & 31]
    return prefix + letters


def person(name: str, team: str, address: str, language: str) -> Person:
    """Fill in the ids of one employee."""
    email = name.lower().replace(" ", ".") + "@" + DOMAIN
    rng = Random(f"{SEED}/{email}")
    role = {"platform": "AIPlatformAdmin", "security": "SecurityAudit"}.get(team, "DeveloperAccess")
    return Person(
        name=name,
        email=email,
        team=team,
        address=address,
        language=language,
        key_hash=digest(f"gateway key of {email}"),
        openai_id="user-" + base62(rng, 24),
        claude_uuid=uuid(rng),
        claude_account="user_01" + base62(rng, 22),
        claude_user=digest(f"installation of {email}"),
        aws_role=SSO.format(role=role),
        host=f"hf-{'mac' if rng.random() < 0.4 else 'ws'}-{rng.randrange(1000, 9999)}",
    )


@cache
def staff() -> dict[str, Person]:
    """Everybody, by e-mail address."""
    everybody = (person(*row) for row in STAFF)
    return {one.email: one for one in everybody}


def named(name: str) -> Person:
    """An employee by full name."""
    return staff()[name.lower().replace(" ", ".") + "@" + DOMAIN]


def team(*teams: str) -> list[Person]:
    """The members of the teams, in the order of the list."""
    return [one for one in staff().values() if one.team in teams]


def service(name: str, team_name: str, address: str, role: str | None, session: str = "") -> Service:
    """A workload; without a role it is an IAM user with a long-lived key."""
    rng = Random(f"{SEED}/service/{name}")
    if role:
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session or base32(rng, 12).lower()}"
    else:
        arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    key = access_key(rng, "ASIA" if role else "AKIA")
    return Service(name, team_name, address, arn, digest(f"gateway key of {name}"), key)


SERVICES = {
    one.name: one
    for one in (
        service("harbor-chat", "customer-service", "10.40.1.20", None),
        service("wiki-search", "knowledge", "10.40.1.31", "wiki-search-task", "ecs-4471"),
        service("invoice-agent", "finance-automation", "10.40.2.15", "invoice-agent-task", "ecs-1184"),
        service("route-planner", "operations", "10.40.2.27", "route-planner-task", "ecs-2093"),
        service("claims-triage", "customer-service", "10.40.2.33", "claims-triage-task", "ecs-3310"),
        service("svc-doc-translate", "documents", "10.40.3.12", None),
        service(
            "nightly-embeddings", "data", "10.40.3.40", "nightly-embeddings-lambda", "nightly-embeddings"
        ),
        service("ci-model-eval", "engineering", "10.40.4.8", "ci-model-eval", "gha-7714"),
        service("demand-forecast", "data", "10.40.3.51", "demand-forecast-sagemaker", "SageMaker"),
    )
}


def aliases() -> dict[str, list[str]]:
    """Principal -> every other name the logs use for it.

    The keys of ``FRONTS`` are missing on purpose: who answers for such a call is the end user behind the key.
    """
    table = {
        one.email: [
            one.key_hash,
            one.arn,
            one.openai_id,
            one.claude_uuid,
            one.claude_account,
            one.claude_user,
            one.host,
        ]
        for one in staff().values()
    }
    return table | {
        one.name: [one.arn] if one.name in FRONTS else [one.key_hash, one.arn] for one in SERVICES.values()
    }
