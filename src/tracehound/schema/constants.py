"""Names and numbers of OCSF 1.8.0 and of our ``ai`` extension that mapping code needs; imports no pydantic.

Each table maps an OCSF ``*_id`` to its caption, as https://schema.ocsf.io/1.8.0 names them. A value that a
table does not know is 99 (Other), with the source's own label in the sibling attribute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

OCSF_VERSION: Final = "1.8.0"
# 999 is OCSF's number for extensions that are not registered.
EXTENSION: Final[dict[str, str]] = {"name": "ai_security", "uid": "999", "version": "1.0.0"}

UNKNOWN: Final = 0
OTHER: Final = 99


def _ids(captions: str) -> dict[int, str]:
    """``"Unknown|Success"`` -> ``{0: "Unknown", 1: "Success", 99: "Other"}``; an empty caption is a gap."""
    table = {number: caption for number, caption in enumerate(captions.split("|")) if caption}
    return {**table, OTHER: "Other"}


SEVERITY = _ids("Unknown|Informational|Low|Medium|High|Critical|Fatal")
STATUS = _ids("Unknown|Success|Failure")
FINDING_STATUS = _ids("Unknown|New|In Progress|Suppressed|Resolved|Archived|Deleted")
ACTION = _ids("Unknown|Allowed|Denied|Observed|Modified")
DISPOSITION = _ids(
    "Unknown|Allowed|Blocked|Quarantined|Isolated|Deleted|Dropped|Custom Action|Approved|Restored"
    "|Exonerated|Corrected|Partially Corrected|Uncorrected|Delayed|Detected|No Action|Logged|Tagged|Alert"
    "|Count|Reset|Captcha|Challenge|Access Revoked|Rejected|Unauthorized|Error"
)
CONFIDENCE = _ids("Unknown|Low|Medium|High")
RISK_LEVEL = _ids("Info|Low|Medium|High|Critical")
IMPACT = _ids("Unknown|Low|Medium|High|Critical")
PRIORITY = IMPACT
VERDICT = _ids(
    "Unknown|False Positive|True Positive|Disregard|Suspicious|Benign|Test|Insufficient Data|Security Risk"
    "|Managed Externally|Duplicate"
)
USER_TYPE = _ids("Unknown|User|Admin|System|Service")
ACCOUNT_TYPE = _ids(
    "Unknown|LDAP Account|Windows Account|AWS IAM User|AWS IAM Role|GCP Account|Azure AD Account"
    "|Mac OS Account|Apple Account|Linux Account|AWS Account|GCP Project|OCI Compartment|Azure Subscription"
    "|Salesforce Account|Google Workspace|Servicenow Instance|M365 Tenant|Email Account"
    "|ActiveDirectory Account"
)
ENDPOINT_TYPE = _ids(
    "Unknown|Server|Desktop|Laptop|Tablet|Mobile|Virtual|IOT|Browser|Firewall|Switch|Hub|Router|IDS|IPS"
    "|Load Balancer"
)
DEVICE_TYPE = ENDPOINT_TYPE
NETWORK_SCOPE = _ids("Unknown|Internal|External")
OS_TYPE = {
    0: "Unknown", 100: "Windows", 101: "Windows Mobile", 200: "Linux", 201: "Android", 300: "macOS",
    301: "iOS", 302: "iPadOS", 400: "Solaris", 401: "AIX", 402: "HP-UX", 99: "Other",
}  # fmt: skip
AGENT_TYPE = _ids(
    "Unknown|Endpoint Detection and Response|Data Loss Prevention|Backup & Recovery"
    "|Performance Monitoring & Observability|Vulnerability Management|Log Forwarding"
    "|Mobile Device Management|Configuration Management|Remote Access"
)
FILE_TYPE = _ids(
    "Unknown|Regular File|Folder|Character Device|Block Device|Local Socket|Named Pipe|Symbolic Link"
    "|Executable File"
)
PROCESS_INTEGRITY = _ids("Unknown|Untrusted|Low|Medium|High|System|Protected")
INJECTION_TYPE = _ids("Unknown|Remote Thread|Load Library|Queue APC")
LAUNCH_TYPE = _ids("Unknown|Spawn|Fork|Exec")
AI_ROLE = _ids("Unknown|User|Assistant|Tool|Agent|Orchestrator|Retriever")
DATASTORE_TYPE = _ids("Unknown|Database|Databucket|Table")
DATABUCKET_TYPE = _ids("Unknown|S3|Azure Blob|GCP Bucket")
DATABASE_TYPE = _ids(
    "Unknown|Relational|Network|Object Oriented|Centralized|Operational|NoSQL|Vector|Knowledge Graph"
)
RESOURCE_ROLE = _ids("Unknown|Target|Actor|Affected|Related")
HASH_ALGORITHM = _ids(
    "Unknown|MD5|SHA-1|SHA-256|SHA-512|CTPH|TLSH|quickXorHash|SHA-224|SHA-384|SHA-512/224|SHA-512/256"
    "|SHA3-224|SHA3-256|SHA3-384|SHA3-512|xxHash H3 64-bit|xxHash H3 128-bit|Imphash|NPF|HASSH"
)
LOGON_TYPE = {
    0: "Unknown", 1: "System", 2: "Interactive", 3: "Network", 4: "Batch", 5: "OS Service", 7: "Unlock",
    8: "Network Cleartext", 9: "New Credentials", 10: "Remote Interactive", 11: "Cached Interactive",
    12: "Cached Remote Interactive", 13: "Cached Unlock", 99: "Other",
}  # fmt: skip
AUTH_PROTOCOL = _ids(
    "Unknown|NTLM|Kerberos|Digest|OpenID|SAML|OAUTH 2.0|PAP|CHAP|EAP|RADIUS|Basic Authentication|LDAP"
)
AUTH_FACTOR = _ids(
    "Unknown|SMS|Security Question|Phone Call|Biometric|Push Notification|Hardware Token|OTP|Email|U2F"
    "|WebAuthn|Password"
)
ACCOUNT_SWITCH_TYPE = _ids("Unknown|Substitute User|Impersonate")
IDP_STATE = _ids("Unknown|Active|Suspended|Deprecated|Deleted")
DIRECTION = _ids("Unknown|Inbound|Outbound|Lateral|Local")
BOUNDARY = _ids(
    "Unknown|Localhost|Internal|External|Same VPC|Internet/VPC Gateway|Virtual Private Gateway"
    "|Intra-region VPC|Inter-region VPC|Local Gateway|Gateway VPC|Internet Gateway"
)
PROTOCOL_VERSION = {
    0: "Unknown", 4: "Internet Protocol version 4 (IPv4)", 6: "Internet Protocol version 6 (IPv6)",
    99: "Other",
}  # fmt: skip
OBSERVATION_POINT = _ids("Unknown|Source|Destination|Neither|Both")
DNS_OPCODE = _ids("Query|Inverse Query|Status|Reserved|Notify|Update|DSO Message")
DNS_FLAG = _ids(
    "Unknown|Authoritative Answer|Truncated Response|Recursion Desired|Recursion Available|Authentic Data"
    "|Checking Disabled"
)
DNS_RCODE = {
    **_ids(
        "NoError|FormError|ServError|NXDomain|NotImp|Refused|YXDomain|YXRRSet|NXRRSet|NotAuth|NotZone"
        "|DSOTYPENI"
    ),
    16: "BADSIG_VERS", 17: "BADKEY", 18: "BADTIME", 19: "BADMODE", 20: "BADNAME", 21: "BADALG",
    22: "BADTRUNC", 23: "BADCOOKIE", 24: "Unassigned", 25: "Reserved",
}  # fmt: skip
HTTP_METHOD = {
    name.upper(): name
    for name in ("Options", "Get", "Head", "Post", "Put", "Delete", "Trace", "Connect", "Patch")
}
ANALYTIC_TYPE = _ids(
    "Unknown|Rule|Behavioral|Statistical|Learning (ML/DL)|Fingerprinting|Tagging|Keyword Match"
    "|Regular Expressions|Exact Data Match|Partial Data Match|Indexed Data Match"
)
ANALYTIC_STATE = _ids("Unknown|Active|Suppressed|Experimental")
OBSERVABLE_TYPE = _ids(
    "Unknown|Hostname|IP Address|MAC Address|User Name|Email Address|URL String|File Name|Hash|Process Name"
    "|Resource UID|Port|Subnet|Command Line|Country|Process ID|HTTP User-Agent|CWE Object: uid"
    "|CVE Object: uid|User Credential ID|Endpoint|User|Email|Uniform Resource Locator|File|Process"
    "|Geo Location|Container|Registry Key|Registry Value|Fingerprint|User Object: uid|Group Object: name"
    "|Group Object: uid|Account Object: name|Account Object: uid|Script Content|Serial Number"
    "|Resource Details Object: name|Process Entity Object: uid|Email Object: subject|Email Object: uid"
    "|Message UID|Registry Value Object: name|Advisory Object: uid|File Path|Registry Key Path"
    "|Device Object: uid|Network Endpoint Object: uid"
)
COMPLIANCE_STATUS = _ids("Unknown|Pass|Warning|Fail")
DATA_CATEGORY = _ids("Unknown|Personal|Governmental|Financial|Business|Military and Law Enforcement|Security")
CONFIDENTIALITY = _ids("Unknown|Not Confidential|Confidential|Secret|Top Secret|Private|Restricted")
DATA_LIFECYCLE = _ids("Unknown|Data at-Rest|Data in-Transit|Data in-Use")
DETECTION_SYSTEM = _ids(
    "Unknown|Endpoint|DLP Gateway|Mobile Device Management|Data Discovery & Classification"
    "|Secure Web Gateway|Secure Email Gateway|Digital Rights Management|Cloud Access Security Broker"
    "|Database Activity Monitoring|Application-Level DLP|Developer Security"
    "|Data Security Posture Management"
)
SCAN_STATUS = _ids("Unknown|Complete|Partial|Fail")
PACKAGE_TYPE = _ids("Unknown|Application|Operating System")
FIX_COVERAGE = _ids("Unknown|Complete|Partial|None")
MALWARE_CLASS = _ids(
    "Unknown|Adware|Backdoor|Bot|Bootkit|DDOS|Downloader|Dropper|Exploit-Kit|Keylogger|Ransomware"
    "|Remote-Access-Trojan||Resource-Exploitation|Rogue-Security-Software|Rootkit|Screen-Capture|Spyware"
    "|Trojan|Virus|Webshell|Wiper|Worm"
)


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """One OCSF event class: ``name`` is its caption, ``key`` the name in schema addresses."""

    uid: int
    key: str
    name: str
    category_uid: int
    category_name: str
    activities: dict[int, str]


CATEGORY = {
    1: "System Activity",
    2: "Findings",
    3: "Identity & Access Management",
    4: "Network Activity",
    6: "Application Activity",
}
_LOGIN = (
    "Unknown|Logon|Logoff|Authentication Ticket|Service Ticket Request|Service Ticket Renew|Preauth"
    "|Account Switch"
)
_FINDING = "Unknown|Create|Update|Close"
_DATASTORE = "Unknown|Read|Update|Connect|Query|Write|Create|Delete|List|Encrypt|Decrypt"
_CLASSES = (
    (1007, "Process Activity", "Unknown|Launch|Terminate|Open|Inject|Set User ID"),
    (2002, "Vulnerability Finding", _FINDING),
    (2003, "Compliance Finding", _FINDING),
    (2004, "Detection Finding", _FINDING),
    (2006, "Data Security Finding", f"{_FINDING}|Suppressed"),
    (3002, "Authentication", _LOGIN),
    (4001, "Network Activity", "Unknown|Open|Close|Reset|Fail|Refuse|Traffic|Listen"),
    (4002, "HTTP Activity", "Unknown|Connect|Delete|Get|Head|Options|Post|Put|Trace|Patch"),
    (4003, "DNS Activity", "Unknown|Query|Response||||Traffic"),
    (6003, "API Activity", "Unknown|Create|Read|Update|Delete"),
    (6005, "Datastore Activity", _DATASTORE),
)
CLASSES: dict[int, ClassInfo] = {
    uid: ClassInfo(
        uid,
        name.lower().replace(" ", "_"),
        name,
        uid // 1000,
        CATEGORY[uid // 1000],
        _ids(activities),
    )
    for uid, name, activities in _CLASSES
}
# What may arrive as OCSF of another version, with attributes that we do not name.
OPEN_CLASSES: Final = frozenset({4001, 4002, 4003})
FINDING_CLASSES: Final = frozenset(uid for uid in CLASSES if uid // 1000 == 2)
AI_OPERATION_CLASSES: Final = frozenset({1007, 6003, 6005})
_PROFILES = {
    "ai_operation": AI_OPERATION_CLASSES,
    "incident": FINDING_CLASSES,
    "load_balancer": OPEN_CLASSES,
    "network_proxy": OPEN_CLASSES,
    "trace": frozenset({4002, 6003}),
}
_PROFILES_OF_ALL = (
    "cloud", "container", "data_classification", "datetime", "host", "linux/linux_users", "macos/macos_users",
    "osint", "security_control",
)  # fmt: skip
PROFILES: dict[int, frozenset[str]] = {
    uid: frozenset(_PROFILES_OF_ALL).union(name for name, uids in _PROFILES.items() if uid in uids)
    for uid in CLASSES
}
"""Class uid -> the profiles that it may use."""

Service = Literal[
    "gateway", "cloud_audit", "agent", "mcp", "endpoint", "network", "scanner", "finding"
]  # fmt: skip
Activity = Literal[
    "inference", "tool_call", "tool_result", "retrieval", "approval", "config_change", "access", "login",
    "traffic", "finding",
]  # fmt: skip
ToolPhase = Literal["requested", "executed", "result"]
ToolStatus = Literal["success", "failure", "denied", "unknown"]
GuardrailAction = Literal["allowed", "flagged", "modified", "blocked", "error"]
ApprovalDecision = Literal["approved", "auto_approved", "denied", "unknown"]
ModelStatus = Literal["approved", "unapproved", "unknown"]
Direction = Literal[
    "system", "prompt", "response", "tool_call", "tool_result", "tool_description", "document"
]  # fmt: skip

SERVICES: tuple[str, ...] = get_args(Service)
ACTIVITIES: tuple[str, ...] = get_args(Activity)
TOOL_PHASES: tuple[str, ...] = get_args(ToolPhase)
TOOL_STATUSES: tuple[str, ...] = get_args(ToolStatus)
GUARDRAIL_ACTIONS: tuple[str, ...] = get_args(GuardrailAction)
APPROVAL_DECISIONS: tuple[str, ...] = get_args(ApprovalDecision)
MODEL_STATUSES: tuple[str, ...] = get_args(ModelStatus)
DIRECTIONS: tuple[str, ...] = get_args(Direction)

# Texts without a length limit: our rules never test them, Splunk gets them last.
LONG_TEXTS: Final = (
    "ai.prompt_text",
    "ai.response_text",
    "ai.tool.arguments_text",
    "ai.tool.result_text",
    "message",
    "unmapped",
    "raw_data",
)


def type_uid(class_uid: int, activity_id: int) -> int:
    """OCSF's ``type_uid`` of an activity of a class."""
    return class_uid * 100 + activity_id


def type_name(class_uid: int, activity_id: int) -> str:
    """OCSF's ``type_name``, such as ``API Activity: Create``; an activity that the class lacks is Other."""
    found = CLASSES[class_uid]
    return f"{found.name}: {found.activities.get(activity_id, 'Other')}"
