"""Where on a machine: files, processes, containers, devices, and the actor with its process."""

from __future__ import annotations

from typing import Annotated, ClassVar

from tracehound.schema.base import Int, Ip, JsonObject, Mac, Model, OneOf, Time, Uuid, attr, must
from tracehound.schema.constants import (
    AGENT_TYPE,
    CONFIDENTIALITY,
    DEVICE_TYPE,
    FILE_TYPE,
    OS_TYPE,
    PROCESS_INTEGRITY,
    RISK_LEVEL,
)
from tracehound.schema.ocsf.common import Fingerprint, Group, KeyValue, Location, Organization
from tracehound.schema.ocsf.identity import ActorBase, Session, UserRef


class Os(Model):
    """An operating system."""

    ocsf = "os"

    name: str = must("Name of the system.", example="Linux")
    type: str = attr("Kind of system, as text.", example="Linux")
    type_id: Annotated[int, OneOf(OS_TYPE)] = must("Kind of system.", example=200)
    version: str = attr("Version of the system.", example="14.7")
    build: str = attr("Build of the system.", example="23H124")
    edition: str = attr("Edition of the system.")
    kernel_release: str = attr("Release of the kernel.", example="6.8.0-45")


class HostAgent(Model):
    """A monitoring agent on a host."""

    ocsf = "agent"
    at_least_one: ClassVar[tuple[str, ...]] = ("uid", "name")

    name: str = attr("Name of the agent.", example="falcon")
    uid: str = attr("Identifier of the agent.")
    type: str = attr("Kind of agent, as text.")
    type_id: Annotated[int, OneOf(AGENT_TYPE)] = attr("Kind of agent.", example=1)
    vendor_name: str = attr("Who makes the agent.")
    version: str = attr("Version of the agent.")


class File(Model):
    """A file."""

    ocsf = "file"

    name: str = must("Name of the file.", example="model.safetensors")
    type: str = attr("Kind of file, as text.", example="Regular File")
    type_id: Annotated[int, OneOf(FILE_TYPE)] = must("Kind of file.", example=1)
    path: str = attr("Full path of the file.", example="/opt/models/model.safetensors")
    parent_folder: str = attr("Folder of the file.")
    ext: str = attr("Ending of the name, without the dot.", example="pkl")
    uid: str = attr("Identifier of the file.")
    uri: str = attr("Address of the file.")
    mime_type: str = attr("Media type.", example="application/octet-stream")
    size: Int = attr("Size of the file.", unit="bytes", example=4096)
    hashes: list[Fingerprint] = attr("Hashes of the file.")
    version: str = attr("Version of the file.")
    desc: str = attr("What the file is.")
    owner: UserRef = attr("Owner of the file.", listed=("name", "uid"))
    confidentiality: str = attr("Confidentiality, as text.")
    confidentiality_id: Annotated[int, OneOf(CONFIDENTIALITY)] = attr("Confidentiality.", example=2)
    is_deleted: bool = attr("True when the file is deleted.")
    is_encrypted: bool = attr("True when the file is encrypted.")
    created_time: Time = attr("When the file was made.")
    modified_time: Time = attr("When the file was changed.")
    accessed_time: Time = attr("When the file was read.")


class Image(Model):
    """An image that a container or machine starts from."""

    ocsf = "image"

    uid: str = must("Identifier of the image.", example="sha256:9f86")
    name: str = attr("Name of the image.", example="vllm/vllm-openai")
    labels: list[str] = attr("Labels of the image.")
    path: str = attr("Path of the image.")
    tags: list[KeyValue] = attr("Named values attached to the image.")


class Container(Model):
    """A container."""

    ocsf = "container"
    at_least_one: ClassVar[tuple[str, ...]] = ("uid", "name")

    name: str = attr("Name of the container.", example="litellm-proxy")
    uid: str = attr("Identifier of the container.")
    image: Image = attr("Image it runs.")
    labels: list[str] = attr("Labels of the container.")
    orchestrator: str = attr("What runs the container.", example="kubernetes")
    pod_uuid: Uuid = attr("Pod of the container.")
    runtime: str = attr("Runtime of the container.", example="containerd")
    hash: Fingerprint = attr("Hash of the container.")
    size: Int = attr("Size of the container.", unit="bytes")


class EnvironmentVariable(Model):
    """A variable of a process's environment."""

    ocsf = "environment_variable"

    name: str = must("Name of the variable.", example="PATH")
    value: str = must("Its value, masked.")


class ParentProcess(Model):
    """A process, without the one that started it."""

    ocsf = "process"
    at_least_one: ClassVar[tuple[str, ...]] = ("pid", "uid", "cpid")

    name: str = attr("Name of the process.", example="bash")
    pid: Int = attr("Number of the process.", example=4711)
    uid: str = attr(
        "Identifier of the process; for an agent's command the id of its tool call.", example="toolu_01A"
    )
    cpid: Uuid = attr("Process id that is unique over time.")
    cmd_line: str = attr("Command line.", example="curl -s https://example.com/install.sh")
    file: File = attr("Program file.", listed=("name", "path", "hashes"))
    path: str = attr("Path of the program.", example="/bin/bash")
    user: UserRef = attr("User the process runs as.", listed=("name", "uid", "email_addr"))
    session: Session = attr("Session the process belongs to.", listed=False)
    created_time: Time = attr("When the process began.")
    terminated_time: Time = attr("When the process ended.")
    working_directory: str = attr("Folder the process works in.", example="/home/alice/app")
    environment_variables: list[EnvironmentVariable] = attr("Variables of its environment.", listed=False)
    integrity: str = attr("Integrity level, as text.")
    integrity_id: Annotated[int, OneOf(PROCESS_INTEGRITY)] = attr("Integrity level.", example=3)
    sandbox: str = attr("Sandbox the process runs in.", example="seatbelt")
    loaded_modules: list[str] = attr("Modules the process has loaded.", listed=False)
    tid: Int = attr("Number of the thread; OCSF prefers ptid.")
    ptid: Int = attr("Number of the thread.")
    container: Container = attr("Container of the process.", profile="container", listed=False)
    xattributes: JsonObject = attr("More attributes, as the system has them.", listed=False)


class Process(ParentProcess):
    """A process."""

    parent_process: ParentProcess = attr(
        "Process that started it.",
        listed=("name", "pid", "uid", "cmd_line", "path", "file.name", "file.path", "user.name"),
    )


class Actor(ActorBase):
    """Who or what acts."""

    at_least_one: ClassVar[tuple[str, ...]] = (
        "process", "user", "invoked_by", "session", "app_name", "app_uid",
    )  # fmt: skip

    process: Process = attr(
        "Process that acts.",
        listed=(
            "name",
            "pid",
            "uid",
            "cmd_line",
            "path",
            "file.name",
            "file.path",
            "user.name",
            "working_directory",
            "parent_process.name",
            "parent_process.cmd_line",
        ),
    )


class Device(Model):
    """The device something happens on."""

    ocsf = "device"
    at_least_one: ClassVar[tuple[str, ...]] = (
        "ip", "uid", "name", "hostname", "instance_uid", "interface_uid", "interface_name",
    )  # fmt: skip

    name: str = attr("Name of the device.", example="alice-mbp")
    uid: str = attr("Identifier of the device.", example="device-7")
    uid_alt: str = attr("Another identifier of the device.")
    hostname: str = attr("Host name.", example="alice-mbp.corp.example.com")
    domain: str = attr("Domain of the device.", example="corp.example.com")
    ip: Ip = attr("Address of the device.", example="10.1.2.3")
    mac: Mac = attr("Hardware address.", example="00:1b:44:11:3a:b7")
    type: str = attr("Kind of device, as text.", example="Laptop")
    type_id: Annotated[int, OneOf(DEVICE_TYPE)] = must("Kind of device; 0 when it is not known.", example=3)
    os: Os = attr("Operating system.")
    owner: UserRef = attr("Owner of the device.", listed=("name", "uid", "email_addr"))
    org: Organization = attr("Organisation of the device.")
    groups: list[Group] = attr("Groups of the device.", listed=("name", "uid"))
    agent_list: list[HostAgent] = attr("Monitoring agents on the device.", listed=("name", "uid"))
    location: Location = attr("Where the device is.")
    region: str = attr("Cloud region of the device.", example="eu-west-1")
    zone: str = attr("Zone of the device.")
    instance_uid: str = attr("Identifier of the virtual machine.", example="i-0abcd1234")
    interface_name: str = attr("Name of the network interface.", example="eth0")
    interface_uid: str = attr("Identifier of the network interface.")
    vpc_uid: str = attr("Virtual network of the device.")
    subnet_uid: str = attr("Subnet of the device.")
    image: Image = attr("Image the device runs.", listed=False)
    container: Container = attr("Container on the device.", profile="container", listed=False)
    model: str = attr("Model of the device.")
    vendor_name: str = attr("Who makes the device.")
    desc: str = attr("What the device is.")
    is_managed: bool = attr("True when the company manages the device.")
    is_personal: bool = attr("True for a private device.")
    is_compliant: bool = attr("True when the device follows the rules.")
    is_trusted: bool = attr("True when the device is trusted.")
    risk_level: str = attr("Risk of the device, as text.")
    risk_level_id: Annotated[int, OneOf(RISK_LEVEL)] = attr("Risk of the device.")
    risk_score: Int = attr("Risk of the device, in the source's scale.")
    created_time: Time = attr("When the device became known.")
    first_seen_time: Time = attr("When the device was first seen.")
    last_seen_time: Time = attr("When the device was last seen.")
