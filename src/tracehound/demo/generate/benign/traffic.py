"""Web, DNS and firewall traffic of an ordinary day, with the AI services that are approved."""

from random import Random

from tracehound.demo.generate.clock import office_time
from tracehound.demo.generate.day import Day
from tracehound.demo.generate.ids import hexes
from tracehound.demo.generate.people import SERVICES, staff, team
from tracehound.demo.generate.shapes import traffic
from tracehound.demo.generate.shapes.traffic import SOURCE, Desk

# method, address ({hex} is replaced), category, largest body sent, largest body received
SITES = (
    ("GET", "https://outlook.office365.com/owa/service.svc?action=FindItem", "Business Mail", 900, 60_000),
    (
        "POST",
        "https://outlook.office365.com/owa/service.svc?action=CreateItem",
        "Business Mail",
        90_000,
        4_000,
    ),
    ("GET", "https://teams.microsoft.com/api/mt/emea/beta/users/tenants", "Collaboration", 300, 20_000),
    ("GET", "https://tracking.nordline.example/v2/containers/{hex}", "Transportation", 200, 9_000),
    ("POST", "https://portal.kestrel-carriers.example/bookings", "Transportation", 5_000, 3_000),
    ("GET", "https://www.harbourgazette.example/shipping/markets", "News", 200, 240_000),
    ("GET", "https://en.wikipedia.org/wiki/Incoterms", "Reference", 200, 180_000),
    ("GET", "https://weather.coastwatch.example/forecast?station={hex}", "Weather", 200, 30_000),
    ("POST", "https://travel.railfinder.example/search", "Travel", 1_500, 80_000),
    ("GET", "https://intranet.haldenfreight.example/wiki/reefer-handling", "Intranet", 200, 70_000),
    ("PUT", "https://files.haldenfreight.example/shares/finance/{hex}.xlsx", "File Storage", 900_000, 500),
)
DEVELOPER_SITES = (
    ("GET", "https://github.com/haldenfreight/tariff/pull/412", "Developer Tools", 300, 200_000),
    ("GET", "https://docs.python.org/3/library/zoneinfo.html", "Reference", 200, 60_000),
    ("GET", "https://pypi.org/simple/psycopg/", "Developer Tools", 200, 30_000),
    ("GET", "https://registry.npmjs.org/typescript", "Developer Tools", 200, 400_000),
    ("GET", "https://stackoverflow.com/questions/tagged/postgresql", "Developer Tools", 200, 160_000),
)
APPROVED = (
    ("POST", "https://api.anthropic.com/v1/messages", "claude-cli/2.1.274 (external, cli)", 180_000, 40_000),
    ("POST", "https://api.githubcopilot.com/chat/completions", "GitHubCopilotChat/0.33.1", 40_000, 12_000),
    ("POST", "https://llm-gateway.haldenfreight.example/v1/chat/completions", traffic.BROWSER, 9_000, 7_000),
)
UPSTREAMS = (
    ("https://api.openai.com/v1/chat/completions", "OpenAI/Python 2.54.0", "harbor-chat"),
    ("https://api.openai.com/v1/embeddings", "OpenAI/Python 2.54.0", "wiki-search"),
    ("https://api.anthropic.com/v1/messages", "litellm/1.106.2", "route-planner"),
    (
        "https://bedrock-runtime.eu-central-1.amazonaws.com/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke",
        "Boto3/1.42.3",
        "svc-doc-translate",
    ),
)


def build(day: Day) -> None:
    """Fill in the ordinary traffic."""
    rng = day.rng("traffic")
    everybody, makers = list(staff().values()), team("engineering", "data", "platform")
    for _ in range(250):
        browse(day, rng, Desk.of(rng.choice(everybody)), SITES)
    for _ in range(80):
        browse(day, rng, Desk.of(rng.choice(makers)), DEVELOPER_SITES)
    for _ in range(90):
        method, url, agent, sent, received = rng.choice(APPROVED)
        one = rng.choice(everybody if "llm-gateway" in url else makers)
        request(day, rng, Desk.of(one), method, url, "Generative AI", sent, received, agent)
    for _ in range(70):
        url, agent, name = rng.choice(UPSTREAMS)
        one_service = SERVICES[name]
        desk = Desk(one_service.address, f"{name}.prod.internal", name, f"{name}@haldenfreight.example", 1)
        request(day, rng, desk, "POST", url, "Generative AI", 30_000, 9_000, agent)
    names = [url.split("/")[2] for _, url, *_ in (*SITES, *DEVELOPER_SITES, *APPROVED)]
    for _ in range(120):
        when = office_time(rng)
        day.add(SOURCE, when, traffic.dns(rng, when, Desk.of(rng.choice(everybody)), rng.choice(names)))
    for _ in range(45):
        when = office_time(rng)
        address, port, app = rng.choice(
            (("10.30.1.20", 5432, "postgresql"), ("10.30.1.8", 22, "ssh"), ("10.30.2.5", 443, "ssl"))
        )
        desk = Desk.of(rng.choice(makers))
        sent, received = rng.randrange(900, 90_000), rng.randrange(900, 400_000)
        day.add(
            SOURCE,
            when,
            traffic.network(rng, when, desk, address, port, sent=sent, received=received, app=app),
        )


def browse(day: Day, rng: Random, desk: Desk, sites: tuple[tuple[str, str, str, int, int], ...]) -> None:
    """One page or upload of ordinary work."""
    method, url, category, sent, received = rng.choice(sites)
    request(day, rng, desk, method, url.format(hex=hexes(rng, 8)), category, sent, received)


def request(
    day: Day,
    rng: Random,
    desk: Desk,
    method: str,
    url: str,
    category: str,
    sent: int,
    received: int,
    agent: str = traffic.BROWSER,
) -> None:
    """One request with sizes up to the limits given."""
    when = office_time(rng)
    out = 0 if method == "GET" else rng.randrange(sent // 20 + 1, sent)
    code = rng.choices([200, 304, 404, 429, 503], weights=[90, 5, 2, 2, 1])[0]
    event = traffic.http(
        rng,
        when,
        desk,
        method,
        url,
        sent=out,
        received=rng.randrange(received // 10, received),
        code=code,
        agent=agent,
        category=category,
    )
    day.add(SOURCE, when, event)
