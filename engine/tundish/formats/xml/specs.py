"""The formats `xml` and `idoc`; lxml is imported when a route uses one of them."""

from __future__ import annotations

import re

from tundish.formats.contract import Format, FormatSpec
from tundish.formats.xml.settings import IdocSettings, XmlSettings

_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|[A-Za-z_])")


def _xml(settings: XmlSettings) -> Format:
    from tundish.formats.xml.format import XmlFormat

    return XmlFormat(settings)


def _idoc(settings: IdocSettings) -> Format:
    from tundish.formats.xml.idoc import IdocFormat

    return IdocFormat(settings)


def _looks_like_xml(head: bytes) -> float:
    return 0.9 if _XML.match(head) else 0.0


def _looks_like_idoc(head: bytes) -> float:
    return 0.95 if _XML.match(head) and b"<IDOC" in head else 0.0


XML = FormatSpec(
    id="xml",
    settings=XmlSettings,
    build=_xml,
    example="{xml: {record: //WorkRequest, schema: schemas/B2MML-WorkSchedule.xsd}}",
    extra="xml",
    recognise=_looks_like_xml,
)
IDOC = FormatSpec(
    id="idoc",
    settings=IdocSettings,
    build=_idoc,
    example="{idoc: {type: ORDERS05, single: [E1EDK01]}}",
    extra="xml",
    recognise=_looks_like_idoc,
)
