"""The classes of findings: ours and vendors' detections, data, vulnerabilities, compliance."""

from __future__ import annotations

from typing import Annotated, Literal

from tracehound.schema.base import Int, OneOf, attr, must
from tracehound.schema.constants import (
    CLASSES,
    CONFIDENCE,
    FINDING_STATUS,
    IMPACT,
    PRIORITY,
    RISK_LEVEL,
    VERDICT,
)
from tracehound.schema.ocsf.common import Group
from tracehound.schema.ocsf.event import Event
from tracehound.schema.ocsf.exposure import Compliance, DataSecurity, Malware, Remediation, Vulnerability
from tracehound.schema.ocsf.finding import Evidence, FindingInfo
from tracehound.schema.ocsf.host import Actor, Device, File
from tracehound.schema.ocsf.identity import User
from tracehound.schema.ocsf.network import NetworkEndpoint
from tracehound.schema.ocsf.resource import Api, Database, Databucket, Resource, Table


class _Finding(Event):
    """What all findings have."""

    activity_id: Annotated[int, OneOf(CLASSES[2004].activities)] = must("Activity.", example=1)
    finding_info: FindingInfo = must("The finding.")
    status_id: Annotated[int, OneOf(FINDING_STATUS)] = attr("State of the finding.", example=1)
    confidence: str = attr("Confidence, as text.", example="High")
    confidence_id: Annotated[int, OneOf(CONFIDENCE)] = attr("Confidence.", example=3)
    confidence_score: Int = attr("Confidence, in the source's scale.", example=90)
    comment: str = attr("What somebody says of it.")
    resources: list[Resource] = attr("What the finding is about.")
    device: Device = attr("Device the finding is about.")
    api: Api = attr("API call the finding is about.", profile="cloud")
    assignee: User = attr("Who looks after it.", profile="incident", listed=False)
    assignee_group: Group = attr("Group that looks after it.", profile="incident", listed=False)
    is_suspected_breach: bool = attr("True when a breach is suspected.", profile="incident")
    priority: str = attr("Priority, as text.", profile="incident")
    priority_id: Annotated[int, OneOf(PRIORITY)] = attr("Priority.", profile="incident")
    src_url: str = attr("Where to see the incident.", profile="incident")
    verdict: str = attr("Verdict, as text.", profile="incident")
    verdict_id: Annotated[int, OneOf(VERDICT)] = attr("Verdict.", profile="incident")


class DetectionFinding(_Finding):
    """What a rule found: ours, or a vendor's."""

    ocsf = "detection_finding"

    class_uid: Literal[2004] = must("Class of the event.")
    evidences: list[Evidence] = attr("What the finding rests on.")
    remediation: Remediation = attr("What to do next.")
    vulnerabilities: list[Vulnerability] = attr("Vulnerabilities it has to do with.", listed=False)
    impact: str = attr("Impact, as text.", example="High")
    impact_id: Annotated[int, OneOf(IMPACT)] = attr("Impact.", example=3)
    impact_score: Int = attr("Impact, in the source's scale.")
    is_alert: bool = attr("True when it is worth an alert.", example=True)
    risk_level: str = attr("Risk, as text.", example="High")
    risk_level_id: Annotated[int, OneOf(RISK_LEVEL)] = attr("Risk.", example=3)
    risk_score: Int = attr("Risk, in the source's scale.", example=81)
    risk_details: str = attr("Risk, explained.")
    malware: list[Malware] = attr("Malware that was found.")
    actor: Actor = attr("Who or what acted.", profile="host")


class DataSecurityFinding(_Finding):
    """Data where it should not be."""

    ocsf = "data_security_finding"

    class_uid: Literal[2006] = must("Class of the event.")
    activity_id: Annotated[int, OneOf(CLASSES[2006].activities)] = must("Activity.", example=1)
    data_security: DataSecurity = attr("What was found in the data.")
    actor: Actor = attr("Who or what acted.")
    src_endpoint: NetworkEndpoint = attr("Where the data comes from.")
    dst_endpoint: NetworkEndpoint = attr("Where the data goes.")
    database: Database = attr("Database the data is in.")
    databucket: Databucket = attr("Bucket the data is in.")
    table: Table = attr("Table the data is in.")
    file: File = attr("File the data is in.")
    impact: str = attr("Impact, as text.", example="High")
    impact_id: Annotated[int, OneOf(IMPACT)] = attr("Impact.", example=3)
    impact_score: Int = attr("Impact, in the source's scale.")
    is_alert: bool = attr("True when it is worth an alert.", example=True)
    risk_level: str = attr("Risk, as text.", example="High")
    risk_level_id: Annotated[int, OneOf(RISK_LEVEL)] = attr("Risk.", example=3)
    risk_score: Int = attr("Risk, in the source's scale.", example=81)
    risk_details: str = attr("Risk, explained.")


class _PostureFinding(_Finding):
    """Findings of scanners, where impact comes with the profile ``incident``."""

    impact: str = attr("Impact, as text.", profile="incident", example="High")
    impact_id: Annotated[int, OneOf(IMPACT)] = attr("Impact.", profile="incident", example=3)
    impact_score: Int = attr("Impact, in the source's scale.", profile="incident")
    actor: Actor = attr("Who or what acted.", profile="host")


class VulnerabilityFinding(_PostureFinding):
    """A vulnerability in software."""

    ocsf = "vulnerability_finding"

    class_uid: Literal[2002] = must("Class of the event.")
    vulnerabilities: list[Vulnerability] = must("The vulnerabilities.")


class ComplianceFinding(_PostureFinding):
    """A setting that breaks a rule."""

    ocsf = "compliance_finding"

    class_uid: Literal[2003] = must("Class of the event.")
    compliance: Compliance = must("The check.")
    evidences: list[Evidence] = attr("What the finding rests on.")
    remediation: Remediation = attr("What to do next.")
