"""An XSLT step before a document is read."""

from __future__ import annotations

from lxml import etree

from tundish.errors import Invalid, UnusableFile
from tundish.faults import Fault
from tundish.formats.xml.schema_files import parse_file, resolving_parser
from tundish.model import ProjectFile


class Stylesheet:
    """A compiled stylesheet, whole in its one file. It may read no file, no network, and write nothing."""

    def __init__(self, file: ProjectFile) -> None:
        """Raises UnusableFile where the stylesheet cannot be compiled."""
        self._name = file.name
        root = parse_file(file, resolving_parser({}))
        try:
            self._transform = etree.XSLT(root, access_control=etree.XSLTAccessControl.DENY_ALL)
        except (etree.XSLTParseError, OSError) as error:
            raise UnusableFile(file.name, str(error), "a stylesheet stands in one file") from None

    def apply(self, root: etree._Element) -> etree._Element:
        """The transformed document. Raises Invalid where the stylesheet stops or gives no document."""
        try:
            result = self._transform(root)
        except etree.XSLTApplyError as error:
            raise Invalid(
                f"the stylesheet {self._name} stopped", faults=[Fault("", str(error), "check the document")]
            ) from None
        new: etree._Element | None = result.getroot()
        if new is None:
            fault = Fault("", f"{self._name} gave no document", "let it write a root element")
            raise Invalid("the stylesheet gave no document", faults=[fault])
        return new
