"""Records to XML and back: every construct of a schema, exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.unit.connectors.soap.wsdls import document, erp, made, schema
from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.model import Value
from tundish_connectors.soap.wsdl.service import Service

XS = {"xsi": "http://www.w3.org/2001/XMLSchema-instance"}


def of(content: str, more: str = "") -> Service:
    """A service whose request has this content."""
    return made(
        document(schema(f'<xs:element name="In"><xs:complexType>{content}</xs:complexType></xs:element>{more}'))
    )


def written(service: Service, record: Value) -> str:
    """The XML, without its namespace."""
    node = service.written(service.operation("Do").request, record)
    assert node is not None
    text: str = etree.tostring(node, encoding="unicode")
    return text.replace("b:", "").replace(' xmlns:b="urn:e"', "")


def there_and_back(service: Service, record: Value) -> Value:
    """What is read of what was written."""
    request = service.operation("Do").request
    node = service.written(request, record)
    assert node is not None
    value, faults = service.read(request, etree.fromstring(etree.tostring(node)))
    assert faults == []
    return value


def faults_of(service: Service, record: Value) -> list[Fault]:
    """Everything that is wrong."""
    with pytest.raises(Invalid) as caught:
        service.written(service.operation("Do").request, record)
    return list(caught.value.faults)


def seq(*elements: str, attributes: str = "", occurs: str = "") -> str:
    """A sequence of elements."""
    inner = "".join(f"<xs:element {one}/>" for one in elements)
    return f"<xs:sequence {occurs}>{inner}</xs:sequence>{attributes}"


INT = 'type="xs:int"'
ROUND = [
    (seq(f'name="a" {INT}'), {"a": 7}),
    (seq('name="a" type="xs:decimal"'), {"a": Decimal("10.500")}),
    (seq('name="a" type="xs:decimal"'), {"a": Decimal("123456789012345678.000000001")}),
    (seq('name="a" type="xs:double"'), {"a": Decimal("1.5")}),
    (seq('name="a" type="xs:boolean"'), {"a": True}),
    (seq('name="a" type="xs:string"'), {"a": ""}),
    (seq('name="a" type="xs:dateTime"'), {"a": "2026-11-21T10:00:00.123456789+01:00"}),
    (seq('name="a" type="xs:time"'), {"a": "23:59:59Z"}),
    (seq('name="a" type="xs:base64Binary"'), {"a": "AAEC"}),
    (seq(f'name="a" {INT} maxOccurs="unbounded"'), {"a": [1]}),
    (seq(f'name="a" {INT} maxOccurs="2"'), {"a": [1, 2]}),
    (seq(f'name="a" {INT} minOccurs="0"'), {}),
    (seq('name="a" type="xs:int" nillable="true"'), {"a": None}),
    (seq('name="a" type="xs:NMTOKENS"'), {"a": "x y"}),
    (seq(f'name="a" {INT}', attributes='<xs:attribute name="v" type="xs:int"/>'), {"_v": 3, "a": 7}),
    (seq(f'name="a" {INT}', f'name="b" {INT}', occurs='maxOccurs="unbounded"'), {"a": [1, 2], "b": [3, 4]}),
    (f'<xs:choice><xs:element name="a" {INT}/><xs:element name="b" {INT}/></xs:choice>', {"b": 1}),
    (
        f'<xs:choice maxOccurs="9"><xs:element name="a" {INT}/><xs:element name="b" {INT}/></xs:choice>',
        {"a": [1, 2], "b": [3]},
    ),
    (f'<xs:all><xs:element name="a" {INT}/><xs:element name="b" {INT}/></xs:all>', {"a": 1, "b": 2}),
]


@pytest.mark.parametrize(("content", "record"), ROUND)
def test_there_and_back(content: str, record: Value) -> None:
    found = there_and_back(of(content), record)
    assert found == record
    assert str(found) == str(record), "to the last digit"


def test_the_order_is_that_of_the_schema_and_groups_repeat_as_a_whole() -> None:
    service = of(seq(f'name="a" {INT}', f'name="b" {INT}', occurs='maxOccurs="unbounded"'))
    assert written(service, {"b": [3, 4], "a": [1, 2]}) == "<In><a>1</a><b>3</b><a>2</a><b>4</b></In>"


def test_a_list_of_values_in_one_element() -> None:
    types = '<xs:simpleType name="L"><xs:list itemType="xs:int"/></xs:simpleType>'
    service = of(seq('name="a" type="e:L"'), types)
    assert written(service, {"a": [1, 2, 3]}) == "<In><a>1 2 3</a></In>"
    assert there_and_back(service, {"a": [1, 2, 3]}) == {"a": [1, 2, 3]}


def test_a_derived_type_is_named_with_type() -> None:
    types = (
        f'<xs:complexType name="Base"><xs:sequence><xs:element name="a" {INT}/></xs:sequence></xs:complexType>'
        '<xs:complexType name="More"><xs:complexContent><xs:extension base="e:Base"><xs:sequence>'
        '<xs:element name="b" type="xs:date"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>'
    )
    service = of(seq('name="x" type="e:Base"'), types)
    record: Value = {"x": {"_type": "More", "a": 1, "b": "2026-11-21"}}
    assert 'type="More"' in written(service, record)
    assert there_and_back(service, record) == {"x": {"a": 1, "b": "2026-11-21"}}


def test_what_a_wildcard_lets_in_is_read_as_it_is() -> None:
    service = of(
        f'<xs:sequence><xs:element name="a" {INT}/><xs:any processContents="skip" maxOccurs="9"/></xs:sequence>'
    )
    node = etree.fromstring('<In xmlns="urn:e"><a>1</a><x xmlns="urn:x"><y>2</y><y>3</y></x></In>')
    assert service.read(service.operation("Do").request, node) == ({"a": 1, "x": {"y": ["2", "3"]}}, [])


WRONG: list[tuple[str, Value, str, str]] = [
    (seq(f'name="a" {INT}'), {"b": 1}, "In", "no field 'b'"),
    (seq(f'name="a" {INT}'), {}, "In", "Missing child element"),
    (seq(f'name="a" {INT}'), {"a": None}, "In", "Missing child element"),
    (seq(f'name="a" {INT}'), {"a": [1, 2]}, "In/a", "it is a list of 2, and the WSDL wants one"),
    (seq(f'name="a" {INT}'), {"a": {"x": 1}}, "In/a", "it is an object, and the WSDL wants one value"),
    (seq(f'name="a" {INT}'), [1], "In", "it is a list, and the WSDL wants an object"),
    (seq(f'name="a" {INT}'), {"a": "1,5"}, "In/a", "not a valid value"),
    (seq(f'name="a" {INT}'), {"a": Decimal("1.5")}, "In/a", "not a valid value"),
    (seq('name="a" type="xs:string"'), {"a": "a\x00b"}, "In/a", "control character"),
    (seq(attributes='<xs:attribute name="v" type="xs:int" use="required"/>'), {}, "In", "attribute 'v' is required"),
    (seq(attributes='<xs:attribute name="v" type="xs:int"/>'), {"_v": "x"}, "In", "not a valid value"),
    (seq(attributes='<xs:attribute name="v" type="xs:int"/>'), {"_v": [1]}, "In/_v", "it is a list"),
]


@pytest.mark.parametrize(("content", "record", "path", "text"), WRONG)
def test_what_does_not_fit(content: str, record: Value, path: str, text: str) -> None:
    found = faults_of(of(content), record)
    assert any(one.path == path and text in one.text and one.cure for one in found), found


def test_attributes_of_repeated_texts_stay_with_their_texts() -> None:
    content = (
        '<xs:sequence><xs:element name="q" maxOccurs="9"><xs:complexType><xs:simpleContent><xs:extension base="xs:int">'
        '<xs:attribute name="u" type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>'
        "</xs:sequence>"
    )
    record: Value = {"q": [1, 2, 3], "q_attributes": [None, {"u": "kg"}]}
    assert written(of(content), record) == '<In><q>1</q><q u="kg">2</q><q>3</q></In>'
    assert there_and_back(of(content), record) == record


def test_a_message_without_content() -> None:
    service = erp()
    assert service.written(None, {}) is None
    with pytest.raises(Invalid, match="no content"):
        service.written(None, {"a": 1})


SERVICE = of(
    seq('name="n" type="xs:decimal"', 'name="t" type="xs:string"', f'name="l" {INT} minOccurs="0" maxOccurs="9"')
)
TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Co"]), max_size=20)


@given(
    n=st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12),
    t=TEXTS,
    numbers=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=9),
)
def test_any_record_comes_back(n: Decimal, t: str, numbers: list[int]) -> None:
    record: dict[str, Value] = {"n": n, "t": t}
    if numbers:
        record["l"] = list(numbers)
    assert there_and_back(SERVICE, record) == record
