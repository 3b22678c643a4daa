"""Values in the addresses of OData: `Orders('{{ id }}')`, `$filter: "Name eq '{{ name }}'"`.

A quote in a text is doubled (OData V4, URL conventions, 5.1.1.6.1; V2 has the same rule), so that no value ends the
literal that it stands in. Outside of quotes only what is no text may stand: numbers, dates, GUIDs, words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tundish.sdk import Template

_BEGIN, _END = "\ue000", "\ue001"
"""Mark values inside a text that is being rendered; taken out of data, where they mean nothing."""
_PIECES = re.compile(f"{_BEGIN}([^{_END}]*){_END}")
_BARE = re.compile(r"[A-Za-z0-9_.:+~-]+")
_ZONE = re.compile(r"(?:Z|[+-]\d\d:\d\d)$")


def rendered(template: Template, scope: Mapping[str, object], encode: Callable[[str], str] = str) -> str:
    """The text of a template with its values as parts of OData literals. `encode` is applied to every value.

    Raises Invalid where the template has no result or a value is no literal; ValueError where `encode` does.
    """
    marked = template.render(scope, escape=_marked)
    if marked.upper().count("%27") > template.text.upper().count("%27"):
        # The filter `url` hides a quote from us, and the system would find it again.
        raise ValueError("a value that went through `url` holds a quote; leave the filter out, values are encoded here")
    text, where, quoted = "", 0, False
    for match in _PIECES.finditer(marked):
        before = marked[where : match.start()]
        text += before
        # A doubled quote opens and closes, so counting tells on which side we are.
        quoted ^= before.count("'") % 2 == 1
        text += encode(_literal(match[1], before, quoted=quoted))
        where = match.end()
    return text + marked[where:]


def _marked(value: str) -> str:
    if _BEGIN in value or _END in value:
        raise ValueError("a value holds a character of the private use area")
    return f"{_BEGIN}{value}{_END}"


def _literal(value: str, before: str, *, quoted: bool) -> str:
    if quoted and before.endswith("datetime'"):
        # Edm.DateTime of V2 has no zone.
        return _ZONE.sub("", value).replace("'", "''")
    if quoted:
        return value.replace("'", "''")
    if value and not _BARE.fullmatch(value):
        raise ValueError(f"the value {value[:60]!a} is a text outside of quotes; write '{{{{ … }}}}' in single quotes")
    return value
