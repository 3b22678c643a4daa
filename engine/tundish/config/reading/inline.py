"""A format that is written on the command line instead of in a route."""

from __future__ import annotations

from tundish.config.document import Source, read_document
from tundish.config.reading.endpoints import EndpointReader
from tundish.config.report import Report
from tundish.errors import ConfigurationError
from tundish.faults import Place
from tundish.formats.contract import Format
from tundish.sdk import installed


def read_format(text: str, source: str) -> Format:
    """`x12`, or with settings as in a route: `csv: {delimiter: ";"}`.

    `source` names in findings where the text stands. Raises ConfigurationError with all findings.
    """
    report = Report()
    node = read_document(Source(source, text), report)
    declared = EndpointReader(installed(), report).format(node, Place(source, 1, 1)) if node is not None else None
    if declared is None:
        raise ConfigurationError(report.findings)
    return declared.format
