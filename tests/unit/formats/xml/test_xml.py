"""XML: shapes that do not depend on the sample, streams, schemas, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.errors import Invalid, UnusableFile
from tundish.formats.contract import Decoded, Undecodable
from tundish.formats.xml.format import XmlFormat
from tundish.formats.xml.settings import XmlSettings
from tundish.model import ProjectFile, ProjectFiles

ORDER_XSD = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="urn:o" xmlns="urn:o" elementFormDefault="qualified">
  <xs:include schemaLocation="line.xsd"/>
  <xs:include schemaLocation="absent.xsd"/>
  <xs:element name="Order"><xs:complexType><xs:sequence>
    <xs:element name="Number" type="xs:string"/>
    <xs:element name="Line" type="LineType" maxOccurs="unbounded"/>
    <xs:element name="Note" type="NoteType" minOccurs="0" maxOccurs="2"/>
    <xs:element name="Extra" type="AbsentType" minOccurs="0"/>
  </xs:sequence><xs:attribute name="status"/></xs:complexType></xs:element>
</xs:schema>"""
LINE_XSD = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:o" elementFormDefault="qualified">
  <xs:complexType name="Base"><xs:sequence><xs:element name="Item" type="xs:string"/></xs:sequence></xs:complexType>
  <xs:complexType name="LineType"><xs:complexContent><xs:extension base="Base"><xs:sequence>
    <xs:choice><xs:element name="Pieces" type="xs:int"/><xs:element name="Weight" type="xs:decimal"/></xs:choice>
  </xs:sequence></xs:extension></xs:complexContent></xs:complexType>
  <xs:complexType name="NoteType"><xs:simpleContent><xs:extension base="xs:string"><xs:attribute name="lang"/>
  </xs:extension></xs:simpleContent></xs:complexType>
</xs:schema>"""
ORDER = '<Order xmlns="urn:o" status="new"><Number>4711</Number><Line><Item>A</Item><Pieces>2</Pieces></Line></Order>'


def read(xml: XmlFormat, *chunks: str | bytes) -> list[Any]:
    data = [chunk if isinstance(chunk, bytes) else chunk.encode() for chunk in chunks]
    return [one.record if isinstance(one, Decoded) else one for one in xml.decode(data)]


def plain(**given: Any) -> XmlFormat:
    return XmlFormat(XmlSettings.model_validate(given))


def within(folder: Path, **given: Any) -> XmlFormat:
    """A format whose files lie in a folder."""
    return XmlFormat(XmlSettings.model_validate(given, context=ProjectFiles(folder)))


@pytest.fixture
def order(tmp_path: Path) -> XmlFormat:
    (tmp_path / "order.xsd").write_text(ORDER_XSD)
    (tmp_path / "line.xsd").write_text(LINE_XSD)
    return within(tmp_path, schema="order.xsd", root="Order")


def test_elements_are_objects_or_text_and_attributes_are_kept() -> None:
    (record,) = read(plain(), '<a x="1"><b>t</b><c q="2">u</c><d/><!-- no --><e><f>1</f></e></a>')
    assert record == {"_x": "1", "b": "t", "c": "u", "c_attributes": {"q": "2"}, "d": None, "e": {"f": "1"}}


def test_a_list_is_a_list_with_one_item_and_with_two() -> None:
    xml = plain(lists=["L"])
    assert read(xml, "<a><L>1</L></a>") == [{"L": ["1"]}]
    assert read(xml, '<a><L>1</L><L u="x">2</L></a>') == [{"L": ["1", "2"], "L_attributes": [None, {"u": "x"}]}]


def test_an_element_that_repeats_without_a_declaration_is_refused_with_the_cure() -> None:
    (refused,) = read(plain(), "<a>\n<L>1</L>\n<L>2</L></a>")
    assert isinstance(refused, Undecodable)
    assert str(refused.faults[0]) == (
        "line 3, element L: L occurs again, but is not declared as a list; "
        "add 'L' to `lists`, so that it is a list in every message"
    )


def test_mixed_text_and_nil_are_kept() -> None:
    text = '<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance">one <b>two</b> three<c i:nil="true"/></a>'
    assert read(plain(), text) == [{"_text": "one three", "b": "two", "c": None}]


def test_namespaces_have_declared_prefixes() -> None:
    xml = plain(namespaces={"m": "urn:m"}, root="a")
    record: Any = {"b": "1", "m_b": "2", "_m_c": "3"}
    assert read(xml, '<a xmlns:x="urn:m" x:c="3"><b>1</b><x:b>2</x:b></a>') == [record]
    assert read(xml, xml.encode([record])) == [record]


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("path", ["//o", "/r/o", "/r/*", "//p:o"], ids=["anywhere", "absolute", "any", "prefixed"])
def test_records_are_read_in_a_stream(path: str, size: int) -> None:
    namespaces = {"p": "urn:p"} if "p:" in path else {}
    opening = '<r xmlns="urn:p">' if namespaces else "<r>"
    text = opening + "".join(f"<o><n>{at}</n></o>\n" for at in range(50)) + "</r>"
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    key = "p_n" if namespaces else "n"
    assert read(plain(record=path, namespaces=namespaces), *chunks) == [{key: str(at)} for at in range(50)]


def test_a_schema_says_what_is_a_list_and_what_is_text(order: XmlFormat) -> None:
    assert read(order, ORDER) == [{"_status": "new", "Number": "4711", "Line": [{"Item": "A", "Pieces": "2"}]}]
    noted = ORDER.replace("</Order>", '<Note lang="de">x</Note><Extra><any/></Extra></Order>')
    (record,) = read(order, noted)
    assert (record["Note"], record["Note_attributes"]) == (["x"], [{"lang": "de"}])


def test_a_schema_reports_all_faults_with_lines(order: XmlFormat) -> None:
    wrong = '<Order xmlns="urn:o">\n<Number>1</Number>\n<Line><Item>A</Item><Pieces>x</Pieces></Line>\n<Bad/>\n</Order>'
    with pytest.raises(Invalid) as raised:
        read(order, wrong)
    assert [fault.path for fault in raised.value.faults] == ["line 3", "line 4"]


def test_every_type_keeps_its_own_shape(tmp_path: Path) -> None:
    def inline(name: str, content: str) -> str:
        inner = f"<xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType>"
        return f'<xs:element name="{name}">{inner}</xs:element>'

    rows = "".join(
        inline(f"r{at}", f'<xs:element name="z{at}" maxOccurs="2"/><xs:element name="a{at}"/>') for at in range(40)
    )
    schema = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{inline("r", rows)}</xs:schema>'
    (tmp_path / "many.xsd").write_text(schema)
    xml = within(tmp_path, schema="many.xsd", root="r")
    record: Any = {f"r{at}": {f"a{at}": "1", f"z{at}": ["2"]} for at in range(40)}
    assert read(xml, xml.encode([record])) == [record]


def bare(schema: str) -> str:
    """The same schema without a namespace."""
    return schema.replace('targetNamespace="urn:o" ', "").replace(' xmlns="urn:o"', "")


def test_schemas_need_no_namespace(tmp_path: Path) -> None:
    memo = ('<xs:element name="Note"', '<xs:element ref="Memo"/><xs:element name="Note"')
    (tmp_path / "order.xsd").write_text(bare(ORDER_XSD).replace(*memo))
    (tmp_path / "line.xsd").write_text(bare(LINE_XSD).replace("</xs:schema>", '<xs:element name="Memo"/></xs:schema>'))
    xml = within(tmp_path, schema="order.xsd", root="Order")
    text = "<Order><Number>4711</Number><Line><Item>A</Item><Pieces>2</Pieces></Line><Memo/></Order>"
    assert read(xml, text) == [{"Number": "4711", "Line": [{"Item": "A", "Pieces": "2"}], "Memo": ""}]
    record: Any = {"Memo": "m", "Line": [{"Weight": 2, "Item": "A"}], "Number": "1"}
    assert b"<Item>A</Item><Weight>2</Weight></Line><Memo>m</Memo></Order>" in xml.encode([record])


def test_elements_are_written_in_the_order_of_the_schema(order: XmlFormat) -> None:
    record: Any = {"Line": [{"Weight": 2, "Item": "A"}], "Note": ["n"], "Number": "1", "_status": "s"}
    written = order.encode([{**record, "Note_attributes": [{"lang": "en"}]}])
    assert b"<Number>1</Number><Line><Item>A</Item><Weight>2</Weight></Line><Note lang=" in written
    with pytest.raises(Invalid) as raised:
        order.encode([{"Number": "1"}])
    assert "Line" in raised.value.faults[0].text


def test_schemas_are_files_and_never_fetched(tmp_path: Path) -> None:
    (tmp_path / "net.xsd").write_text(ORDER_XSD.replace("line.xsd", "http://example.org/line.xsd"))
    with pytest.raises(UnusableFile, match=r"net.xsd: line 3: http://example.org/line.xsd is in the network"):
        within(tmp_path, schema="net.xsd")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<a/>", "the root is a, not xs:schema"),
        ("<a>", "line 1: Premature end"),
        (ORDER_XSD.replace("line.xsd", "../line.xsd"), "line 3: '../line.xsd' is not below the project's folder"),
        (ORDER_XSD.replace("xs:string", "xs:strong"), "other.xsd, line 6: "),
    ],
)
def test_a_schema_that_cannot_be_used_is_told_when_the_format_is_made(text: str, fault: str, tmp_path: Path) -> None:
    (tmp_path / "other.xsd").write_text(text)
    with pytest.raises(UnusableFile) as raised:
        within(tmp_path, schema="other.xsd")
    assert raised.value.name == "other.xsd"
    assert fault in raised.value.text


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match=r"gone.xsd: it cannot be read \(No such file"):
        plain(schema=ProjectFile("gone.xsd", ProjectFiles(tmp_path)))


def test_schemas_in_folders_include_each_other_and_are_kept(tmp_path: Path) -> None:
    (tmp_path / "schemas" / "my parts").mkdir(parents=True)
    (tmp_path / "schemas" / "order.xsd").write_text(ORDER_XSD.replace("line.xsd", "my%20parts/../my%20parts/line.xsd"))
    (tmp_path / "schemas" / "my parts" / "line.xsd").write_text(LINE_XSD)
    files = ProjectFiles(tmp_path)
    xml = XmlFormat(XmlSettings.model_validate({"schema": "schemas/./order.xsd"}, context=files))
    assert sorted(files.taken) == ["schemas/my parts/line.xsd", "schemas/order.xsd"]
    again = XmlFormat(
        XmlSettings.model_validate({"schema": "schemas/order.xsd"}, context=ProjectFiles(Path(), files.taken))
    )
    assert read(again, ORDER) == read(xml, ORDER)
    with pytest.raises(FileNotFoundError):
        ProjectFiles(Path(), {}).read("schemas/order.xsd")


def test_a_stylesheet_is_applied_first_and_reads_nothing_else(tmp_path: Path) -> None:
    head = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
    tail = "</xsl:template></xsl:stylesheet>"
    (tmp_path / "turn.xsl").write_text(f'{head}<o><n><xsl:value-of select="/a/b"/></n></o>{tail}')
    assert read(within(tmp_path, stylesheet="turn.xsl"), "<a><b>1</b></a>") == [{"n": "1"}]
    (tmp_path / "spy.xsl").write_text(f"{head}<o><xsl:copy-of select=\"document('/etc/passwd')\"/></o>{tail}")
    with pytest.raises(Invalid, match="stopped"):
        read(within(tmp_path, stylesheet="spy.xsl"), "<a><b>1</b></a>")


@pytest.mark.parametrize(
    "body",
    [
        "<xsl:unknown/>",
        '<xsl:include href="turn.xsl"/>',
        '<xsl:import href="/etc/hostname"/>',
        '<xsl:import href="file:///etc/hostname"/>',
        '<xsl:template match="/"><xsl:value-of select="]"/></xsl:template>',
    ],
)
def test_a_stylesheet_that_cannot_be_used_is_told_when_the_format_is_made(body: str, tmp_path: Path) -> None:
    head = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    (tmp_path / "turn.xsl").write_text(f"{head}{body}</xsl:stylesheet>")
    with pytest.raises(UnusableFile, match=r"turn\.xsl"):
        within(tmp_path, stylesheet="turn.xsl")


def test_a_stylesheet_that_gives_no_document_is_told(tmp_path: Path) -> None:
    head = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    (tmp_path / "text.xsl").write_text(f'{head}<xsl:template match="/">text</xsl:template></xsl:stylesheet>')
    with pytest.raises(Invalid, match="the stylesheet gave no document"):
        read(within(tmp_path, stylesheet="text.xsl"), "<a/>")


@pytest.mark.parametrize("path", ["", "//a"])
@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ('<!DOCTYPE a [<!ENTITY x "boom">]><a>&x;</a>', "has a DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "has a DOCTYPE"),
        ("<a>" * 300 + "</a>" * 300, "depth"),
        ("", "no document"),
        ("<a><b></a>", "mismatch"),
        ("<a>\xff</a>".encode("latin-1"), "ncoding"),
        ("<a/>trailing", "content"),
    ],
)
def test_what_is_dangerous_or_broken_is_refused(text: str | bytes, fact: str, path: str) -> None:
    with pytest.raises(Invalid) as raised:
        read(plain(record=path), text)
    assert fact in raised.value.faults[0].text


def test_a_document_that_must_be_held_has_a_limit() -> None:
    with pytest.raises(Invalid, match="too large"):
        read(plain(largest=10), "<a>0123456789</a>")


@pytest.mark.parametrize(
    ("record", "path"),
    [({"a b": "1"}, "a b"), ({"a": "\x00"}, "a"), ({"_x": {}}, "_x"), ({"a": [[1]]}, "a[0]")],
)
def test_what_cannot_be_written_is_told(record: Any, path: str) -> None:
    with pytest.raises(Invalid) as raised:
        plain(root="r").encode([record])
    assert raised.value.faults[0].path == path


def test_writing_needs_a_root_and_one_record() -> None:
    with pytest.raises(Invalid, match="root"):
        plain().encode([{}])
    with pytest.raises(Invalid):
        plain(root="r").encode([{}, {}])


names = st.sampled_from(["a", "b", "c", "d"])
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1
)
records = st.recursive(
    texts.filter(lambda text: text == text.strip()),
    lambda inner: (
        st.dictionaries(names, inner, min_size=1, max_size=3)
        | st.fixed_dictionaries({"L": st.lists(inner, min_size=1)})
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(names, records, min_size=1, max_size=3))
def test_records_round_trip(record: dict[str, Any]) -> None:
    xml = plain(root="r", lists=["L"])
    assert read(xml, xml.encode([record])) == [record]
