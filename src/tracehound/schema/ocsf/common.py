"""Small objects that others are made of."""

from __future__ import annotations

from typing import Annotated, ClassVar

from tracehound.schema.base import Int, Json, Model, OneOf, Time, attr, must
from tracehound.schema.constants import HASH_ALGORITHM, OBSERVABLE_TYPE


class KeyValue(Model):
    """A name with a value or several."""

    ocsf = "key_value_object"
    at_least_one: ClassVar[tuple[str, ...]] = ("value", "values")

    name: str = must("Name of the pair.", example="owasp")
    value: str = attr("Its value.", example="llm01-2025")
    values: list[str] = attr("Its values, where there are several.")


class Fingerprint(Model):
    """A hash."""

    ocsf = "fingerprint"

    algorithm: str = attr("Name of the algorithm.", example="SHA-256")
    algorithm_id: Annotated[int, OneOf(HASH_ALGORITHM)] = must("Number of the algorithm.", example=3)
    value: str = must("The hash.", example="e3b0c44298fc1c14")


class Product(Model):
    """A product, the one that wrote the log or found something."""

    ocsf = "product"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the product.", example="LiteLLM Proxy")
    uid: str = attr("Identifier of the product.")
    vendor_name: str = attr("Who makes the product.", example="BerriAI")
    version: str = attr("Version of the product.", example="1.83.0")
    lang: str = attr("Language of the product, ISO 639-1.", example="en")
    path: str = attr("Where the product is installed.")
    url_string: str = attr("Address of the product.")


class Extension(Model):
    """A schema extension that an event uses."""

    ocsf = "extension"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the extension.", example="ai_security")
    uid: str = attr("Number of the extension, as text.", example="999")
    version: str = must("Version of the extension.", example="1.0.0")


class Organization(Model):
    """A company or a unit of it."""

    ocsf = "organization"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the organisation.", example="Acme")
    uid: str = attr("Identifier of the organisation.", example="org-9f3")
    ou_name: str = attr("Name of the unit.", example="Research")
    ou_uid: str = attr("Identifier of the unit.")


class Group(Model):
    """A group of users, resources or operations."""

    ocsf = "group"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the group.", example="ml-platform")
    uid: str = attr("Identifier of the group.", example="team-42")
    type: str = attr("Kind of group.", example="team")
    desc: str = attr("What the group is.")
    domain: str = attr("Domain the group belongs to.")
    privileges: list[str] = attr("What the group may do.")


class ServiceObject(Model):
    """A service."""

    ocsf = "service"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the service.", example="bedrock.amazonaws.com")
    uid: str = attr("Identifier of the service.")
    version: str = attr("Version of the service.", example="2023-09-30")
    labels: list[str] = attr("Labels of the service.", listed=False)
    tags: list[KeyValue] = attr("Named values attached to the service.", listed=False)


class Policy(Model):
    """A policy that was applied."""

    ocsf = "policy"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "type", "uid")

    name: str = attr("Name of the policy.", example="prompt-attack")
    uid: str = attr("Identifier of the policy.", example="gr-7f2k")
    version: str = attr("Version of the policy.", example="3")
    type: str = attr("Kind of policy.", example="guardrail")
    desc: str = attr("What the policy is for.")
    group: Group = attr("Group the policy belongs to.", listed=False)
    is_applied: bool = attr("True when the policy was applied.", example=True)
    data: Json = attr("More about the policy, as the source has it.", listed=False)


class Authorization(Model):
    """One decision on what the actor may do."""

    ocsf = "authorization"

    decision: str = attr("What was decided.", example="Allow")
    policy: Policy = attr("Policy that decided.", listed=("name", "uid", "type"))


class Observable(Model):
    """A value of the event worth looking up, and where it stands."""

    ocsf = "observable"

    name: str = attr("Path of the attribute in the event.", example="actor.user.email_addr")
    type: str = attr("Kind of value, as text.", example="Email Address")
    type_id: Annotated[int, OneOf(OBSERVABLE_TYPE)] = must("Kind of value.", example=5)
    value: str = attr("The value.", example="alice@example.com")
    event_uid: str = attr("Event of a finding in which it was seen.")


class Enrichment(Model):
    """Something that was added to the event from elsewhere."""

    ocsf = "enrichment"

    name: str = must("Path of the attribute that was looked up.", example="ai.model.name")
    value: str = must("The value that was looked up.", example="deepseek-r1")
    data: Json = must("What was found.")
    provider: str = attr("Who knows.", example="catalogue")
    type: str = attr("Kind of enrichment.", example="model")
    desc: str = attr("Long description.")
    short_desc: str = attr("Short description.")
    src_url: str = attr("Where to read about it.")
    created_time: Time = attr("When it was looked up.")


class Location(Model):
    """A place on earth."""

    ocsf = "location"
    at_least_one: ClassVar[tuple[str, ...]] = ("city", "country", "postal_code", "region")

    city: str = attr("City.", example="Dublin")
    country: str = attr("Country, ISO 3166-1 alpha-2.", example="IE")
    region: str = attr("State or province, ISO 3166-2.", example="IE-L")
    continent: str = attr("Continent.", example="Europe")
    postal_code: str = attr("Postal code.", example="D02")
    lat: float = attr("Latitude.", unit="degrees", example=53.35)
    long: float = attr("Longitude.", unit="degrees", example=-6.26)
    coordinates: list[float] = attr(
        "Longitude and latitude; OCSF prefers long and lat.", unit="degrees", listed=False
    )
    is_on_premises: bool = attr("True for a place of the company's own.")
    isp: str = attr("Internet provider; OCSF prefers the endpoint's isp.", listed=False)
    desc: str = attr("The place in words.", example="Dublin, Ireland")
    provider: str = attr("Who knows the place.", listed=False)


class AutonomousSystem(Model):
    """An autonomous system of the Internet."""

    ocsf = "autonomous_system"
    at_least_one: ClassVar[tuple[str, ...]] = ("number", "name")

    name: str = attr("Name of the system.", example="AMAZON-02")
    number: Int = attr("Number of the system.", example=16509)
