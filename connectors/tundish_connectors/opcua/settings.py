"""Settings of the OPC UA connector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tundish.model import ProjectFile
from tundish.sdk import Duration, Expression, Secret, Settings, Template, wrong_value
from tundish_connectors.opcua.addresses import address_fault
from tundish_connectors.opcua.tag_settings import Address, HandshakeSettings, TagSettings

Policy = Literal["none", "Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"]
_WITHDRAWN = ("Basic128Rsa15", "Basic256")


def _safe_policy(value: object) -> object:
    if value in _WITHDRAWN:
        raise wrong_value(
            f"the security policy {value} is broken (SHA-1), and the OPC Foundation withdrew it",
            "write 'Basic256Sha256' or 'Aes256Sha256RsaPss', and enable it on the server",
        )
    return value


def _endpoint(url: str) -> str:
    if not url.startswith("opc.tcp://") or "@" in url:
        raise wrong_value(
            f"'{url}' is no endpoint", "write e.g. 'opc.tcp://plc7.example:4840'; credentials stand apart"
        )
    return url


def _wild_address(text: str) -> str:
    if fault := address_fault(text, wildcards=True):
        raise wrong_value(f"'{text}' names no node: {fault}", "write e.g. 'Objects/Line1/*' or 'ns=2;s=Scale'")
    return text


class OpcUaConnectionSettings(Settings):
    """An OPC UA server and how to reach it."""

    endpoint: Annotated[str, AfterValidator(_endpoint)]
    """Address of the server, e.g. `opc.tcp://plc7.example:4840`."""
    security: Annotated[Policy, BeforeValidator(_safe_policy)] = "Basic256Sha256"
    """Security policy. `none` sends everything readable for whoever sits on the network, and trusts any server."""
    mode: Literal["SignAndEncrypt", "Sign"] = "SignAndEncrypt"
    """Whether messages are encrypted or only signed; without meaning where `security` is `none`."""
    username: str | None = None
    """User name, where the server asks for one; without it and `user_certificate` the user is anonymous."""
    password: Secret | None = None
    """Password of that user."""
    user_certificate: Path | None = None
    """PEM or DER file of a certificate that identifies the user."""
    user_key: Path | None = None
    """PEM file of the private key of `user_certificate`."""
    certificate: Path | None = None
    """PEM or DER file of our own certificate. Without it one is made at first use, and kept in `trust`."""
    key: Path | None = None
    """PEM file of the private key of `certificate`."""
    key_password: Secret | None = None
    """Password of that private key."""
    application_uri: Annotated[str, Field(pattern=r"^urn:\S+$")] = "urn:tundish"
    """How we call ourselves; our own certificate says the same. Two daemons on one server need different ones."""
    trust: Path | None = None
    """Folder with `trusted`, `issuers` and `rejected` certificates, and our own; without it in the data folder."""
    connect_timeout: Annotated[Duration, Field(gt=0)] = 10.0
    """How long the server may take to answer, connecting included."""
    keepalive: Annotated[Duration, Field(ge=0.5, le=600)] = 5.0
    """After so much silence the server is asked whether it is there; without an answer for as long, it is gone."""
    structures: bool = True
    """Read the server's own data types after connecting, so that structures arrive as records."""

    @model_validator(mode="after")
    def _pairs(self) -> OpcUaConnectionSettings:
        pairs = (("password", "username"), ("user_key", "user_certificate"), ("key", "certificate"))
        for first, second in pairs:
            if getattr(self, first) is not None and getattr(self, second) is None:
                raise wrong_value(f"'{first}' is given without '{second}'", f"add '{second}'")
        for first, second in pairs[1:]:
            if getattr(self, second) is not None and getattr(self, first) is None:
                raise wrong_value(f"'{second}' is given without '{first}'", f"add '{first}'")
        if self.username is not None and self.user_certificate is not None:
            raise wrong_value("'username' and 'user_certificate' both say who the user is", "remove one of them")
        return self


def _as_node(value: object) -> object:
    return {"node": value} if isinstance(value, str) else value


class NodeSettings(TagSettings):
    """One node, or several by a wildcard, and how its values are taken."""

    node: Annotated[str, AfterValidator(_wild_address)]
    """`Objects/Line1/Scale`, `Objects/Line1/*` (its variables), `Objects/Line1/**` (below it too), `ns=2;s=Scale`."""
    name: str | None = None
    """What records call it; without it its own browse name."""
    trigger: Literal["value", "status", "timestamp"] = "value"
    """What counts as a change: the value or the status; `status`: that alone; `timestamp`: every sample with a new
    time, for scans and counters that may bring the same value twice."""
    server_deadband: Annotated[str | None, Field(pattern=r"^[0-9]+(\.[0-9]+)?%?$")] = None
    """The server reports only larger changes: `0.5` or `2%` of the range of an analogue node. For analogue nodes only:
    what is left out cannot be fetched later."""
    sampling: Annotated[Duration | None, Field(ge=0)] = None
    """How often the server looks at the node; without it as the source says."""
    queue: Annotated[int | None, Field(ge=1, le=100_000)] = None
    """How many changes the server keeps between two notifications; without it as the source says."""
    history: bool = True
    """Fetch missed values from the server's history after a gap, where it keeps one of this node."""

    @model_validator(mode="after")
    def _deadband_fits_trigger(self) -> NodeSettings:
        if self.server_deadband is not None and self.trigger != "value":
            raise wrong_value(f"a deadband with 'trigger: {self.trigger}' would lose events", "remove one of them")
        return self


class EventSettings(Settings):
    """Events and alarms of one object."""

    node: Address = "i=2253"
    """The object whose events are wanted; the server itself (`i=2253`) has all of them."""
    type: Address | None = None
    """Only of this type and what is derived from it, e.g. `Types/EventTypes/BaseEventType/…` or `i=2915` (alarms)."""
    severity: Annotated[int, Field(ge=0, le=1000)] = 0
    """Only this severe or more."""
    fields: tuple[str, ...] = ()
    """Further fields, e.g. `Station` or `2:Station`; every event has id, type, source, time, message and severity."""
    conditions: bool = False
    """Alarms and conditions: adds their state, and asks the server for all that are active after connecting."""
    queue: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """How many events the server keeps between two notifications."""
    history: bool = True
    """Fetch missed events from the server's history after a gap, where it keeps one of this object's events."""


class OpcUaSourceSettings(Settings):
    """Subscribe to nodes and events. A notification of the server is one unit: a line of JSON for each value."""

    nodes: tuple[Annotated[NodeSettings, BeforeValidator(_as_node)], ...] = ()
    """What is subscribed to."""
    nodeset: ProjectFile | None = None
    """NodeSet2 file of the project in which the paths of `nodes` are looked up, instead of browsing the server."""
    events: tuple[EventSettings, ...] = ()
    """Events and alarms that are subscribed to."""
    handshake: HandshakeSettings | None = None
    """Instead of `nodes`: when a trigger rises, read some tags, hand them over as one message, and acknowledge."""
    publishing_interval: Annotated[Duration, Field(ge=0.01, le=3600)] = 0.5
    """How often the server sends what it has collected."""
    sampling: Annotated[Duration, Field(ge=0)] = 0.1
    """How often the server looks at a node; 0 for as fast as it can."""
    queue: Annotated[int, Field(ge=1, le=100_000)] = 100
    """How many changes of a node the server keeps between two notifications; what is beyond is lost, and a gap."""
    most_values: Annotated[int, Field(ge=1, le=10_000)] = 1000
    """How many values one notification, and so one unit, holds at most."""
    initial_values: bool = True
    """Report the values that the nodes have when they are subscribed to for the first time."""
    lifetime: Annotated[Duration, Field(ge=10, le=604800)] = 900.0
    """How long the server keeps the subscription, with what it has collected, while we are away."""
    overlap: Annotated[Duration, Field(ge=0, le=3600)] = 5.0
    """How much earlier than a gap, and later, its history is fetched; what was there already is dropped."""
    retry_nodes: Annotated[Duration, Field(ge=1, le=86400)] = 60.0
    """How often nodes that were refused or not found are tried again."""
    in_flight: Annotated[int, Field(ge=1, le=1000)] = 20
    """How many notifications may be on their way to the disk at the same time; the server holds back the others."""

    @model_validator(mode="after")
    def _something_to_do(self) -> OpcUaSourceSettings:
        if not self.nodes and not self.events and self.handshake is None and self.nodeset is None:
            raise wrong_value("nothing is subscribed to", "add 'nodes', 'events' or 'handshake'")
        if self.handshake is not None and (self.nodes or self.events):
            raise wrong_value("a handshake stands alone", "give 'nodes' and 'events' a route of their own")
        return self


class WriteSettings(Settings):
    """One node and what is written to it."""

    node: Address
    """The node that is written to."""
    value: Expression
    """What is written, e.g. `quantity` or `order.number`."""


class MethodSettings(Settings):
    """A method of the server."""

    object: Address
    """The object whose method it is."""
    method: Address
    """The method."""
    arguments: tuple[Expression, ...] = ()
    """One expression for each input argument, in their order."""


class OpcUaDestinationSettings(Settings):
    """Write values of each message to nodes, all in one call, or call a method with them."""

    write: tuple[WriteSettings, ...] = ()
    """Nodes and what is written to them; the types are the nodes' own."""
    node: Template | None = None
    """Instead of `write`: one node whose address comes from the message, to which `value` is written."""
    value: Expression | None = None
    """What is written to `node`; without it the body as the route's format made it."""
    call: MethodSettings | None = None
    """Instead of writing: a method that is called. Its output arguments are facts of the receipt."""
    timeout: Annotated[Duration, Field(gt=0)] = 10.0
    """How long the server may take to answer."""

    @model_validator(mode="after")
    def _one_of_three(self) -> OpcUaDestinationSettings:
        if sum((bool(self.write), self.node is not None, self.call is not None)) != 1:
            raise wrong_value("it is not clear what to do", "give one of 'write', 'node' and 'call'")
        if self.value is not None and self.node is None:
            raise wrong_value("'value' is given without 'node'", "add the node that it is written to")
        return self


class OpcUaLookupSettings(Settings):
    """Read nodes."""

    nodes: Annotated[dict[str, Template], Field(min_length=1)]
    """Names of the answer's fields, and the nodes that they are read from, e.g. `state: "Objects/{{ line }}/State"`."""
    timeout: Annotated[Duration, Field(gt=0)] = 10.0
    """How long the server may take to answer."""
