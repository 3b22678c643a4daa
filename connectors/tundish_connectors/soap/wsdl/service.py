"""What a WSDL offers: one port of it, with its operations, and data to and from the bodies of their messages."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal
from xml.sax.saxutils import quoteattr

from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.settings import Settings as ZeepSettings
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap12Binding, SoapBinding

from tundish.errors import Invalid, Misconfigured, UnusableFile
from tundish.faults import Fault
from tundish.model import ProjectFile, Value
from tundish_connectors.soap.wsdl.documents import WSDL, XSD, Documents, SchemaDocument, read_documents
from tundish_connectors.soap.wsdl.reading import Reader
from tundish_connectors.soap.wsdl.schema import BodySchema
from tundish_connectors.soap.wsdl.shapes import Shapes
from tundish_connectors.soap.wsdl.writing import Writer

Version = Literal["1.1", "1.2"]
_SOAP_BODIES = ("{http://schemas.xmlsoap.org/wsdl/soap/}body", "{http://schemas.xmlsoap.org/wsdl/soap12/}body")
_ATTACHMENTS = "{http://schemas.xmlsoap.org/wsdl/mime/}multipartRelated"
_MTOM = "OptimizedMimeSerialization"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which port of a WSDL is meant; empty where it is the only one."""

    service: str = ""
    port: str = ""
    binding: str = ""
    version: Version | None = None

    def __str__(self) -> str:
        given = {name: getattr(self, name) for name in ("service", "port", "binding", "version")}
        return ", ".join(f"{name} '{value}'" for name, value in given.items() if value)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the port."""

    name: str
    action: str
    """The SOAPAction."""
    request: Any
    """zeep's declaration of the body's element; None where the body is empty."""
    response: Any
    is_one_way: bool
    """There is no answer."""
    obstacle: str = ""
    """Why it cannot be used."""


@dataclass(frozen=True, slots=True)
class _Port:
    service: str
    name: str
    address: str
    binding: SoapBinding

    @property
    def version(self) -> Version:
        return "1.2" if isinstance(self.binding, Soap12Binding) else "1.1"

    def __str__(self) -> str:
        return f"{self.service}.{self.name} (SOAP {self.version})"


class Service:
    """A port of a WSDL. What it does is synchronous and may take a while; one thread at a time uses it."""

    def __init__(self, file: ProjectFile, choice: Choice) -> None:
        """Raises UnusableFile where the WSDL is broken, Misconfigured where the choice fits no port or several."""
        self.documents = read_documents(file)
        self._lock = threading.Lock()
        document = _zeep_document(self.documents)
        chosen = _chosen(file.name, list(_ports(document)), choice)
        self.version: Version = chosen.version
        self.address = chosen.address
        """Where the WSDL says that the service is; may be empty."""
        self.uses_mtom = any(_MTOM.encode() in text for text in self.documents.texts.values())
        obstacles = _obstacles(self.documents, chosen.binding)
        self.operations = {
            name: _operation(operation, obstacles.get(name, "")) for name, operation in chosen.binding.all().items()
        }
        self._shapes = Shapes(document.types)
        self._schema = BodySchema(self.documents, list(_rpc_schemas(chosen.binding, obstacles)))

    def operation(self, name: str) -> Operation:
        """Raises Misconfigured where there is none of this name, or it cannot be used."""
        found = self.operations.get(name)
        if found is None:
            close = get_close_matches(name, self.operations, 1)
            known = ", ".join(sorted(self.operations)) or "none"
            cure = f"did you mean '{close[0]}'?" if close else f"it has {known}"
            raise Misconfigured(f"{self.documents.name} has no operation '{name}'", cure)
        if found.obstacle:
            raise Misconfigured(f"{self.documents.name}: operation '{name}' {found.obstacle}", "use another operation")
        return found

    def written(self, element: Any, value: Value) -> etree._Element | None:
        """The body's element for a record; None where the body is empty. Raises Invalid with every fault."""
        if element is None:
            if value not in (None, {}):
                text = "the WSDL gives this message no content"
                raise Invalid(text, faults=[Fault("", text, "map to an empty object")])
            return None
        with self._lock:
            writer = Writer(self._shapes)
            node = writer.root(element, value)
            # What has no place is not in the XML; what is missing is for the schema to say, so both say all.
            faults = [*writer.faults, *self._schema.faults(node)]
        if faults:
            raise Invalid(_summary("the record does not fit the WSDL", faults), faults=faults)
        return node

    def read(self, element: Any, node: etree._Element, *, check: bool = True) -> tuple[Value, Sequence[Fault]]:
        """The record of a body's element, and everything that is wrong with it.

        Without `check` the schema is not asked, and only what cannot be read is wrong.
        """
        with self._lock:
            faults = list(self._schema.faults(node, lines=True)) if check else []
            if faults:
                return None, faults
            reader = Reader(self._shapes, node, lenient=not check)
            value = reader.value(node, element.type)
        return value, reader.faults


def _summary(text: str, faults: Sequence[Fault]) -> str:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{text}: {faults[0].path}: {faults[0].text}{more}"


class _FromProject:
    """What zeep takes for its transport: it gives the documents that were read, and sends nothing."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def load(self, url: str) -> bytes:
        """Raises OSError."""
        return self._documents.load(url)


def _zeep_document(documents: Documents) -> Any:
    settings = ZeepSettings(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        with warnings.catch_warnings():
            # zeep warns of operations that it leaves out; here they are missed by name when a route uses one.
            warnings.simplefilter("ignore")
            return Document(documents.address, _FromProject(documents), settings=settings)
    except (ZeepError, ValueError, LookupError, TypeError, AttributeError, OSError, NotImplementedError) as error:
        # zeep meets a WSDL that contradicts itself with whatever Python raises there.
        text = str(error) or type(error).__name__
        raise UnusableFile(documents.name, f"it cannot be used: {text}", "check it with its vendor's tools") from error


def _ports(document: Any) -> Iterator[_Port]:
    bound: set[int] = set()
    for service in document.services.values():
        for port in service.ports.values():
            if isinstance(port.binding, SoapBinding):
                bound.add(id(port.binding))
                yield _Port(service.name, port.name, (port.binding_options or {}).get("address") or "", port.binding)
    for binding in document.bindings.values():
        # A WSDL may leave the service to whoever deploys it.
        if isinstance(binding, SoapBinding) and id(binding) not in bound:
            yield _Port("", binding.name.localname, "", binding)


def _chosen(name: str, ports: Sequence[_Port], choice: Choice) -> _Port:
    if not ports:
        raise UnusableFile(name, "it has no SOAP port", "ask for the WSDL of the SOAP service")
    fitting = [
        port
        for port in ports
        if choice.service in ("", port.service)
        and choice.port in ("", port.name)
        and choice.binding in ("", port.binding.name.localname)
        and choice.version in (None, port.version)
    ]
    listed = ", ".join(map(str, ports))
    if not fitting:
        raise Misconfigured(f"{name} has no port with {choice}", f"it has {listed}")
    services = {port.service for port in fitting}
    versions = [port.version for port in fitting]
    if len(fitting) > 1 and (len(services) > 1 or len(set(versions)) < len(versions)):
        raise Misconfigured(f"{name} has several ports that fit: {listed}", "set 'service', 'port' or 'version'")
    return min(fitting, key=lambda port: port.version)


def _operation(operation: Any, obstacle: str) -> Operation:
    abstract = operation.abstract
    return Operation(
        name=operation.name,
        action=operation.soapaction or "",
        request=_body(operation.input),
        response=_body(operation.output),
        is_one_way=abstract is None or abstract.output_message is None,
        obstacle=obstacle,
    )


def _body(message: Any) -> Any:
    """The one element below `Body`; where there are several, zeep wraps them in a `Body` of its own."""
    body = getattr(message, "body", None)
    if body is None or not message._is_body_wrapped:  # noqa: SLF001 - zeep says it nowhere else
        return body
    return None


def _obstacles(documents: Documents, binding: SoapBinding) -> dict[str, str]:
    """Operations that cannot be used, and why."""
    found: dict[str, str] = {}
    for root in documents.roots.values():
        for node in root.iterfind(f"{WSDL}binding"):
            if node.get("name") != binding.name.localname:
                continue
            for operation in node.iterfind(f"{WSDL}operation"):
                text = _obstacle(operation)
                if text:
                    found[operation.get("name", "")] = text
    for name, operation in binding.all().items():
        for message in (operation.input, operation.output):
            if getattr(message, "_is_body_wrapped", False):
                found.setdefault(name, "has several parts in its body, which WS-I forbids")
    return found


def _obstacle(operation: etree._Element) -> str:
    if operation.find(f".//{_ATTACHMENTS}") is not None:
        return "carries attachments (MTOM, SwA), which are not supported"
    if any(body.get("use") == "encoded" for body in operation.iter(*_SOAP_BODIES)):
        return "is rpc/encoded, which WS-I forbids and no schema can check"
    return ""


def _rpc_schemas(binding: SoapBinding, obstacles: dict[str, str]) -> Iterator[SchemaDocument]:
    """The bodies of rpc/literal messages: their elements stand in no schema, so that nothing could check them."""
    by_namespace: dict[str, dict[str, Any]] = {}
    for operation in binding.all().values():
        if operation.style == "rpc" and operation.name not in obstacles:
            for message in (operation.input, operation.output):
                body = _body(message)
                if body is not None:
                    by_namespace.setdefault(body.qname.namespace or "", {})[body.qname.localname] = body
    for namespace, bodies in by_namespace.items():
        yield SchemaDocument("(rpc)", etree.fromstring(_rpc_schema(namespace, bodies)), namespace)


def _rpc_schema(namespace: str, bodies: dict[str, Any]) -> bytes:
    xs = XSD[1:-1]
    prefixes: dict[str, str] = {}
    elements: list[str] = []
    for name, body in bodies.items():
        parts: list[str] = []
        for part, element in body.type.elements:
            type_ = element.type.qname
            prefix = prefixes.setdefault(type_.namespace or "", f"t{len(prefixes)}")
            parts.append(f"<xs:element name={quoteattr(part)} type={quoteattr(f'{prefix}:{type_.localname}')}/>")
        content = f"<xs:complexType><xs:sequence>{''.join(parts)}</xs:sequence></xs:complexType>"
        elements.append(f"<xs:element name={quoteattr(name)}>{content}</xs:element>")
    names = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for uri, prefix in prefixes.items())
    imports = "".join(f"<xs:import namespace={quoteattr(uri)}/>" for uri in prefixes if uri not in (xs, namespace))
    target = f" targetNamespace={quoteattr(namespace)}" if namespace else ""
    return f"<xs:schema xmlns:xs={quoteattr(xs)}{names}{target}>{imports}{''.join(elements)}</xs:schema>".encode()
