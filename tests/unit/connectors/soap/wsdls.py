"""WSDLs as small as they can be."""

from __future__ import annotations

from pathlib import Path

from tundish.model import ProjectFile, ProjectFiles
from tundish_connectors.soap.wsdl.service import Choice, Service

ROOT = Path(__file__).resolve().parents[4]

HEAD = (
    '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" '
    'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
    'xmlns:mime="http://schemas.xmlsoap.org/wsdl/mime/" xmlns:e="urn:e" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
    'targetNamespace="urn:e">'
)
SERVICE = (
    '<wsdl:service name="S">'
    '<wsdl:port name="P" binding="e:B"><soap:address location="http://erp/s"/></wsdl:port></wsdl:service>'
)
BODY = '<soap:body use="literal"/>'


def document(
    schema: str,
    *,
    body: str = BODY,
    style: str = "document",
    parts: str = '<wsdl:part name="p" element="e:In"/>',
    service: str = SERVICE,
    head: str = HEAD,
) -> str:
    """A WSDL of one operation `Do`."""
    return (
        f"{head}<wsdl:types>{schema}</wsdl:types>"
        f'<wsdl:message name="in">{parts}</wsdl:message><wsdl:message name="out"/>'
        '<wsdl:portType name="T"><wsdl:operation name="Do"><wsdl:input message="e:in"/><wsdl:output message="e:out"/>'
        '</wsdl:operation></wsdl:portType><wsdl:binding name="B" type="e:T">'
        f'<soap:binding style="{style}" transport="http://schemas.xmlsoap.org/soap/http"/>'
        f'<wsdl:operation name="Do"><soap:operation soapAction="do"/><wsdl:input>{body}</wsdl:input>'
        f"<wsdl:output>{BODY}</wsdl:output></wsdl:operation></wsdl:binding>{service}</wsdl:definitions>"
    )


def schema(content: str, head: str = 'targetNamespace="urn:e" elementFormDefault="qualified"') -> str:
    """A schema in a WSDL."""
    return f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:e="urn:e" {head}>{content}</xs:schema>'


def project(main: str, **files: str) -> ProjectFile:
    """The WSDL of a project that has these schemas, by their names without a suffix."""
    kept = {"main.wsdl": main.encode(), **{f"{name}.xsd": text.encode() for name, text in files.items()}}
    return ProjectFile("main.wsdl", ProjectFiles(Path(), kept))


def made(main: str, choice: Choice | None = None, **files: str) -> Service:
    """The service of a WSDL."""
    return Service(project(main, **files), choice or Choice())


def erp(choice: Choice | None = None) -> Service:
    """The service of the tests' peers."""
    return Service(ProjectFile("tests/peers/soap/erp.wsdl", ProjectFiles(ROOT)), choice or Choice())
