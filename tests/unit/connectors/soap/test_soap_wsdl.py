"""WSDLs as vendors write them: what is read, and what is refused with place and cure."""

from __future__ import annotations

import pytest

from tests.unit.connectors.soap.wsdls import BODY, HEAD, SERVICE, document, erp, made, project, schema
from tundish.errors import Invalid, Misconfigured, UnusableFile
from tundish_connectors.soap.wsdl.service import Choice, Service

IN = (
    '<xs:element name="In"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/>'
    "</xs:sequence></xs:complexType></xs:element>"
)


def test_what_a_port_offers() -> None:
    service = erp()
    assert sorted(service.operations) == ["BookConfirmation", "GetChangedOrders", "GetOrder", "Ping"]
    assert (service.version, service.address) == ("1.1", "http://127.0.0.1:8080/erp")
    assert service.operation("Ping").is_one_way
    assert not service.operation("GetOrder").is_one_way
    assert erp(Choice(version="1.2")).version == "1.2"
    assert erp(Choice(port="Erp12")).version == "1.2"
    assert erp(Choice(binding="Erp12")).version == "1.2"


def test_an_operation_that_is_not_there() -> None:
    with pytest.raises(Misconfigured, match="no operation 'getorder'; did you mean 'GetOrder'"):
        erp().operation("getorder")
    with pytest.raises(Misconfigured, match="no operation 'x'; it has BookConfirmation"):
        erp().operation("x")


TWO = SERVICE + SERVICE.replace('name="S"', 'name="S2"')


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (Choice(), "several ports that fit: S.P .SOAP 1.1., S2.P .SOAP 1.1.; set 'service'"),
        (Choice(service="S3"), "no port with service 'S3'; it has S.P"),
        (Choice(version="1.2"), "no port with version '1.2'"),
    ],
)
def test_which_port(choice: Choice, text: str) -> None:
    with pytest.raises(Misconfigured, match=text):
        made(document(schema(IN), service=TWO), choice)


def test_one_of_several_services() -> None:
    assert made(document(schema(IN), service=TWO), Choice(service="S2")).address == "http://erp/s"


def test_a_wsdl_without_a_service_is_chosen_by_its_binding() -> None:
    service = made(document(schema(IN), service=""), Choice(binding="B"))
    assert service.address == ""
    assert service.written(service.operation("Do").request, {"a": 1}) is not None


@pytest.mark.parametrize(
    ("wsdl", "text"),
    [
        ("<a", "line 1"),
        ("<a/>", "the root is a, not wsdl:definitions"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]>" + document(schema(IN)), "it has a DOCTYPE"),
        (
            document(schema('<xs:import namespace="urn:x" schemaLocation="http://x/y.xsd"/>')),
            "http://x/y.xsd is in the network",
        ),
        (document(schema('<xs:include schemaLocation="../../y.xsd"/>')), "not below the project's folder"),
        (document(schema('<xs:include schemaLocation="absent.xsd"/>')), "absent.xsd: it cannot be read"),
        (
            document(schema('<xs:include schemaLocation="other.xsd"/>')),
            "other.xsd: the root is definitions, not xs:schema",
        ),
        (
            document(schema(IN), service="", parts='<wsdl:part name="p" element="e:Absent"/>'),
            "cannot be used|has no operation",
        ),
        (document(schema(IN.replace("xs:int", "e:Absent"))), "cannot be used"),
        (document(schema(IN + '<xs:element name="In"/>')), "already exists|does already"),
        (HEAD + "</wsdl:definitions>", "it has no SOAP port"),
    ],
)
def test_a_wsdl_that_cannot_be_used(wsdl: str, text: str) -> None:
    file = project(wsdl, other=f"{HEAD}</wsdl:definitions>")
    with pytest.raises((UnusableFile, Misconfigured), match=text) as caught:
        Service(file, Choice()).operation("Do")
    assert "main.wsdl" in str(caught.value)


ATTACHED = f"<mime:multipartRelated><mime:part>{BODY}</mime:part></mime:multipartRelated>"


@pytest.mark.parametrize(
    ("wsdl", "text"),
    [
        (document(schema(IN), body=ATTACHED), "carries attachments"),
        (document(schema(IN), body='<soap:body use="encoded" namespace="urn:e"/>', style="rpc"), "is rpc/encoded"),
    ],
)
def test_an_operation_that_cannot_be_used(wsdl: str, text: str) -> None:
    with pytest.raises(Misconfigured, match=text):
        made(wsdl).operation("Do")


def test_rpc_literal_is_checked_though_no_schema_has_its_elements() -> None:
    parts = '<wsdl:part name="order" type="e:Number"/><wsdl:part name="count" type="xs:int"/>'
    facet = '<xs:restriction base="xs:string"><xs:maxLength value="4"/></xs:restriction>'
    types = f'<xs:simpleType name="Number">{facet}</xs:simpleType>'
    service = made(
        document(schema(types), style="rpc", parts=parts, body='<soap:body use="literal" namespace="urn:op"/>')
    )
    operation = service.operation("Do")
    node = service.written(operation.request, {"order": "4711", "count": 2})
    assert node is not None
    assert (node.tag, [child.tag for child in node]) == ("{urn:op}Do", ["order", "count"])
    assert service.read(operation.request, node)[0] == {"order": "4711", "count": 2}
    with pytest.raises(Invalid) as caught:
        service.written(operation.request, {"order": "47110", "count": "two"})
    assert [one.path for one in caught.value.faults] == ["Do/order", "Do/count"]


def test_schemas_of_one_namespace_in_several_places() -> None:
    """libxml2 reads one document for each namespace and skips the others."""
    first = schema('<xs:include schemaLocation="more.xsd"/><xs:element name="In" type="e:Outer"/>')
    second = schema(
        '<xs:import namespace="urn:o" schemaLocation="o.xsd"/><xs:complexType name="Inner"><xs:sequence>'
        '<xs:element ref="o:b"/></xs:sequence></xs:complexType>',
        'targetNamespace="urn:e" xmlns:o="urn:o" elementFormDefault="qualified"',
    )
    more = schema(
        '<xs:complexType name="Outer"><xs:sequence><xs:element name="a" type="e:Inner"/></xs:sequence></xs:complexType>'
    )
    o = schema('<xs:element name="b" type="xs:date"/>', 'targetNamespace="urn:o" elementFormDefault="qualified"')
    service = made(document(first + second), more=more, o=o)
    request = service.operation("Do").request
    node = service.written(request, {"a": {"b": "2026-11-21"}})
    assert node is not None
    assert node.findtext("{urn:e}a/{urn:o}b") == "2026-11-21"
    with pytest.raises(Invalid, match="In/a/b"):
        service.written(request, {"a": {"b": "21.11.2026"}})


def test_a_schema_without_a_namespace_takes_that_of_the_one_that_includes_it() -> None:
    main = document(schema('<xs:include schemaLocation="c.xsd"/><xs:element name="In" type="e:C"/>'))
    c = schema(
        '<xs:complexType name="C"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>',
        'elementFormDefault="qualified"',
    )
    service = made(main, c=c)
    node = service.written(service.operation("Do").request, {"a": 1})
    assert node is not None
    assert node.findtext("{urn:e}a") == "1"
