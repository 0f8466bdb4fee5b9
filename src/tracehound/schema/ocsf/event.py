"""What every event has: the base of all classes, with the attributes of the profiles that all may use."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from tracehound.schema.ai import Ai
from tracehound.schema.base import Int, JsonObject, Model, OneOf, Status, Text, Time, attr, must
from tracehound.schema.constants import ACTION, CONFIDENCE, DISPOSITION, RISK_LEVEL, SEVERITY
from tracehound.schema.ocsf.common import Authorization, Enrichment, Fingerprint, Observable, Policy
from tracehound.schema.ocsf.exposure import Malware
from tracehound.schema.ocsf.finding import Attack
from tracehound.schema.ocsf.metadata import Metadata
from tracehound.schema.ocsf.resource import Cloud


class Event(Model):
    """Base of all classes of events."""

    class_uid: int = must("Class of the event.", example=6003)
    class_name: str = attr("Class of the event, as text.", example="API Activity")
    category_uid: int = must("Category of the class.", example=6)
    category_name: str = attr("Category of the class, as text.", example="Application Activity")
    activity_id: int = must("Activity; 99 where the class has no number for it.", example=99)
    activity_name: str = attr("Activity, as text.", example="Inference")
    type_uid: Int = must("Class and activity: class_uid * 100 + activity_id.", example=600399)
    type_name: str = attr("Class and activity, as text.", example="API Activity: Other")
    severity: str = attr("Severity, as text.", example="Informational")
    severity_id: Annotated[int, OneOf(SEVERITY)] = must("Severity.", example=1)
    time: Time = must(
        "When it happened; of a record without a time, when it was read.", example=1732439702000
    )
    start_time: Time = attr("When it began.", example=1732439702000)
    end_time: Time = attr("When it ended.", example=1732439702840)
    duration: Int = attr("How long it took.", unit="ms", example=840)
    timezone_offset: Int = attr("Offset of the source's time zone.", unit="minutes", example=60)
    count: Int = attr("How many events this one stands for.", example=1)
    status: str = attr("Outcome, as text.", example="Success")
    status_id: Status = attr("Outcome; Unknown where the log does not tell.", example=1)
    status_code: str = attr("Outcome, in the source's words.", example="200")
    status_detail: str = attr("More about the outcome.", example="ThrottlingException")
    message: Text = attr("The event in words.")
    metadata: Metadata = must("Where the event comes from.")
    observables: list[Observable] = attr("Values worth looking up.")
    enrichments: list[Enrichment] = attr("What was added from elsewhere.")
    unmapped: JsonObject = attr("What the record has and no attribute takes.")
    raw_data: Text = attr("The record as it came, where the configuration keeps it.")
    raw_data_hash: Fingerprint = attr("Hash of the record as it came.")
    raw_data_size: Int = attr("Size of the record as it came.", unit="bytes", example=2817)
    cloud: Cloud = attr("The cloud it happened in.", profile="cloud")
    ai: Ai = must("Everything about AI that OCSF does not name.")

    action: str = attr("What the control did, as text.", profile="security_control", example="Denied")
    action_id: Annotated[int, OneOf(ACTION)] = attr(
        "What the control did.", profile="security_control", example=2
    )
    disposition: str = attr("What came of it, as text.", profile="security_control", example="Blocked")
    disposition_id: Annotated[int, OneOf(DISPOSITION)] = attr(
        "What came of it.", profile="security_control", example=2
    )
    is_alert: bool = attr("True when it is worth an alert.", profile="security_control", example=True)
    confidence: str = attr("Confidence, as text.", profile="security_control", example="High")
    confidence_id: Annotated[int, OneOf(CONFIDENCE)] = attr(
        "Confidence.", profile="security_control", example=3
    )
    confidence_score: Int = attr("Confidence, in the source's scale.", profile="security_control", example=90)
    risk_level: str = attr("Risk, as text.", profile="security_control", example="High")
    risk_level_id: Annotated[int, OneOf(RISK_LEVEL)] = attr("Risk.", profile="security_control", example=3)
    risk_score: Int = attr("Risk, in the source's scale.", profile="security_control", example=81)
    risk_details: str = attr("Risk, explained.", profile="security_control")
    policy: Policy = attr("Policy that applied.", profile="security_control")
    authorizations: list[Authorization] = attr("What was allowed.", profile="security_control")
    attacks: list[Attack] = attr("Tactics and techniques.", profile="security_control")
    malware: list[Malware] = attr("Malware that was found.", profile="security_control")

    # Attribute -> the profile without which it may not be there.
    profile_of: ClassVar[dict[str, str]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.profile_of = {
            name: str(info.json_schema_extra["x-profile"])
            for name, info in cls.model_fields.items()
            if isinstance(info.json_schema_extra, dict) and "x-profile" in info.json_schema_extra
        }
