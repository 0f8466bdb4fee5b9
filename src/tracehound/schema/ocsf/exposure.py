"""What is exposed: vulnerabilities, failed checks, data, malware, and what to do about it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from tracehound.schema.base import Int, Model, OneOf, Time, attr, must
from tracehound.schema.constants import (
    COMPLIANCE_STATUS,
    CONFIDENTIALITY,
    DATA_CATEGORY,
    DATA_LIFECYCLE,
    DETECTION_SYSTEM,
    FIX_COVERAGE,
    MALWARE_CLASS,
    PACKAGE_TYPE,
    SCAN_STATUS,
    SEVERITY,
)
from tracehound.schema.ocsf.common import Fingerprint, KeyValue, Policy, Product
from tracehound.schema.ocsf.host import File

Severity = Annotated[int, OneOf(SEVERITY)]


class Remediation(Model):
    """What to do next."""

    ocsf = "remediation"

    desc: str = must("The next step.", example="Revoke the key and look at its calls of the last day.")
    references: list[str] = attr("Where to read on.")


class Cvss(Model):
    """A CVSS score."""

    ocsf = "cvss"

    base_score: float = must("Base score.", example=9.8)
    version: str = must("Version of CVSS.", example="3.1")
    depth: Literal["Base", "Environmental", "Temporal"] = attr("What the score takes in.", example="Base")
    overall_score: float = attr("Overall score.")
    severity: str = attr("Severity, as text.", example="Critical")
    vector_string: str = attr("Vector.", example="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
    vendor_name: str = attr("Who scored it.")
    src_url: str = attr("Where to read about it.")


class Cve(Model):
    """A published vulnerability."""

    ocsf = "cve"

    uid: str = must("CVE number.", example="CVE-2024-37032")
    title: str = attr("Title.")
    type: str = attr("Kind of vulnerability.")
    desc: str = attr("What it is.")
    cvss: list[Cvss] = attr("Scores.")
    references: list[str] = attr("Where to read about it.")
    product: Product = attr("Product that has it.", listed=False)
    created_time: Time = attr("When it was published.")
    modified_time: Time = attr("When it was changed.")


class Cwe(Model):
    """A kind of weakness."""

    ocsf = "cwe"

    uid: str = must("CWE number.", example="CWE-502")
    caption: str = attr("Name of the weakness.", example="Deserialization of Untrusted Data")
    src_url: str = attr("Where to read about it.")


class Advisory(Model):
    """A vendor's advisory."""

    ocsf = "advisory"

    uid: str = must("Identifier of the advisory.", example="GHSA-8hqg-whrw-pv92")
    title: str = attr("Title.")
    desc: str = attr("What it says.")
    references: list[str] = attr("Where to read about it.")
    src_url: str = attr("Where the advisory is.")
    created_time: Time = attr("When it was published.")
    modified_time: Time = attr("When it was changed.")


class AffectedPackage(Model):
    """A package with a vulnerability."""

    ocsf = "affected_package"

    name: str = must("Name of the package.", example="ollama")
    version: str = must("Version of the package.", example="0.1.33")
    type: str = attr("Kind of package, as text.")
    type_id: Annotated[int, OneOf(PACKAGE_TYPE)] = attr("Kind of package.")
    fixed_in_version: str = attr("First version without it.", example="0.1.34")
    package_manager: str = attr("Package manager.", example="pip")
    purl: str = attr("Package URL.", example="pkg:pypi/ollama@0.1.33")
    path: str = attr("Where the package lies.")
    hash: Fingerprint = attr("Hash of the package.")
    license: str = attr("Licence of the package.")
    vendor_name: str = attr("Who makes the package.")
    uid: str = attr("Identifier of the package.")


class Vulnerability(Model):
    """A vulnerability that was found: a CVE, a weakness or an advisory."""

    ocsf = "vulnerability"
    just_one: ClassVar[tuple[str, ...]] = ("advisory", "cve", "cwe")

    cve: Cve = attr("The CVE.")
    cwe: Cwe = attr("The weakness.")
    advisory: Advisory = attr("The advisory.")
    title: str = attr("Title.")
    desc: str = attr("What it is.")
    category: str = attr("Kind of vulnerability.")
    severity: str = attr("Severity, in the vendor's words.", example="CRITICAL")
    vendor_name: str = attr("Who reports it.")
    references: list[str] = attr("Where to read about it.")
    affected_packages: list[AffectedPackage] = attr("Packages that have it.")
    remediation: Remediation = attr("What to do.", listed=False)
    is_exploit_available: bool = attr("True when an exploit is known.")
    is_fix_available: bool = attr("True when a fix is known.")
    fix_coverage: str = attr("How much is fixed, as text.")
    fix_coverage_id: Annotated[int, OneOf(FIX_COVERAGE)] = attr("How much is fixed.")
    first_seen_time: Time = attr("When it was first seen.")
    last_seen_time: Time = attr("When it was last seen.")


class Compliance(Model):
    """A check of a configuration against a standard."""

    ocsf = "compliance"

    control: str = attr("Control that is checked.", example="bedrock-model-invocation-logging-enabled")
    standards: list[str] = attr("Standards the control belongs to.", example=["ISO/IEC 42001"])
    requirements: list[str] = attr("Requirements the control meets.")
    category: str = attr("Kind of control.")
    desc: str = attr("What the control asks for.")
    status: str = attr("Result, as text.", example="Fail")
    status_id: Annotated[int, OneOf(COMPLIANCE_STATUS)] = attr("Result.", example=3)
    status_code: str = attr("Result, in the vendor's words.", example="FAILED")
    status_details: list[str] = attr("What the result rests on.")
    control_parameters: list[KeyValue] = attr("Parameters of the control.")


class DataSecurity(Model):
    """What was found in data."""

    ocsf = "data_security"
    at_least_one: ClassVar[tuple[str, ...]] = (
        "data_lifecycle_state_id", "detection_pattern", "detection_system_id", "policy",
    )  # fmt: skip

    uid: str = attr("Identifier of what was found.")
    category: str = attr("Kind of data, as text.")
    category_id: Annotated[int, OneOf(DATA_CATEGORY)] = attr("Kind of data.", example=1)
    confidentiality: str = attr("Confidentiality, as text.")
    confidentiality_id: Annotated[int, OneOf(CONFIDENTIALITY)] = attr("Confidentiality.", example=2)
    data_lifecycle_state: str = attr("Where the data is, as text.")
    data_lifecycle_state_id: Annotated[int, OneOf(DATA_LIFECYCLE)] = attr("Where the data is.", example=3)
    detection_system: str = attr("What found it, as text.")
    detection_system_id: Annotated[int, OneOf(DETECTION_SYSTEM)] = attr("What found it.", example=10)
    detection_pattern: str = attr("Pattern that found it.", example="credit_card")
    pattern_match: str = attr("Text that was found, masked.", example="4111********1111")
    policy: Policy = attr("Policy that applies.")
    status: str = attr("State of the scan, as text.")
    status_id: Annotated[int, OneOf(SCAN_STATUS)] = attr("State of the scan.")
    status_details: list[str] = attr("More about the state.")
    size: Int = attr("Size of the data.", unit="bytes")
    total: Int = attr("How many were found.")
    src_url: str = attr("Where the data is.")


class Malware(Model):
    """Malware that a scanner names."""

    ocsf = "malware"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the malware.")
    uid: str = attr("Identifier of the malware.")
    classification_ids: list[Annotated[int, OneOf(MALWARE_CLASS)]] = must("Kinds of malware.")
    classifications: list[str] = attr("Kinds of malware, as text.")
    files: list[File] = attr("Files that have it.", listed=("name", "path", "hashes"))
    provider: str = attr("Who knows it.")
    severity: str = attr("Severity, as text.")
    severity_id: Severity = attr("Severity.")
    num_infected: Int = attr("How many files have it.")
