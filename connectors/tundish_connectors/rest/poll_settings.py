"""Settings of a source that asks: `rest: {connection: erp, poll: {path: /orders, every: 1m}}`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from tundish.sdk import Duration, Expression, Settings, Size, Template, wrong_value
from tundish_connectors._http.overlap import NO_OVERLAP, Overlap
from tundish_connectors.rest.addresses import HeaderTemplates, OutboundPath


def _start(value: object) -> object:
    # YAML reads 0 and 1.5 as numbers; the text is what is sent.
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


class WatermarkSettings(Settings):
    """Ask only for what is new: the highest value seen so far is `{{ watermark }}` in `query`."""

    by: Expression
    """The value in a record, e.g. `changed_at`: a time (ISO 8601), a number, or a text that sorts."""
    start: Annotated[str, BeforeValidator(_start)]
    """The value that the first poll asks from, such as `"2026-01-01T00:00:00Z"` or `0`. It also says whether the values
    are times, numbers or texts."""
    overlap: Overlap = NO_OVERLAP
    """Ask from so much before the highest value, because systems commit records late: `5m`, or `100` for numbers.
    What was handed over already is not handed over again."""


class PageSettings(Settings):
    """How an answer says that there are more. Exactly one; without `pages` there is one page."""

    link: bool | None = None
    """`true`: the header `Link` with `rel="next"` (RFC 8288)."""
    next: Expression | None = None
    """The address of the next page in the body, e.g. `links.next`. None, null or an empty text ends."""
    cursor: Expression | None = None
    """A cursor in the body, e.g. `meta.next_cursor`, which is `{{ cursor }}` in `query`; empty for the first page."""
    offset: Annotated[int, Field(ge=0)] | None = None
    """`{{ offset }}` in `query` counts records from this number; an empty page ends."""
    number: Annotated[int, Field(ge=0)] | None = None
    """`{{ page }}` in `query` counts pages from this number; an empty page ends."""

    @model_validator(mode="after")
    def _exactly_one(self) -> PageSettings:
        values = {name: getattr(self, name) for name in PageSettings.model_fields}
        given = [name for name, value in values.items() if value is not None and value is not False]
        if len(given) != 1:
            found = f"'{given[0]}' and '{given[1]}' are" if given else "none is"
            raise wrong_value(f"one way to the next page is needed, and {found} given", "keep exactly one")
        return self


class PollSettings(Settings):
    """Ask with GET, again and again. Each page is one unit: its records as lines of JSON (`ndjson`). Pages by `offset`
    or `number` that come shortly after each other share one."""

    path: OutboundPath
    """Path below the connection's `url`, e.g. `/orders`."""
    every: Annotated[Duration, Field(gt=0)] = 60.0
    """How long after the beginning of one poll the next one begins."""
    query: dict[str, Template] = Field(default_factory=dict)
    """Parameters behind the path. Values of `watermark` and `pages` stand in them: `{{ watermark }}`, `{{ cursor }}`,
    `{{ offset }}`, `{{ page }}`."""
    headers: HeaderTemplates = Field(default_factory=dict)
    """Further headers, e.g. `{Prefer: odata.maxpagesize=500}`."""
    items: Expression | None = None
    """Where the records of a page are, e.g. `data.orders`. Without it, the page is a list of them; on a connection with
    `odata` it is where that protocol has them."""
    whole: bool = False
    """Hand over each page as it came, whatever it is, e.g. a CSV file; the route's `format` reads it."""
    pages: PageSettings | None = None
    """How to come to the next page. On a connection with `odata` its next links are followed without this."""
    watermark: WatermarkSettings | None = None
    """How to ask only for what is new. Without it, every poll asks for everything, and records that are as they were
    in the poll before are not handed over again."""
    largest_page: Size = 16 * 1024 * 1024
    """A page that is longer is not read: the route stops and says so."""

    @model_validator(mode="after")
    def _whole_pages_are_not_read(self) -> PollSettings:
        if not self.whole:
            return self
        reading = [name for name in ("items", "watermark") if getattr(self, name) is not None]
        if self.pages is not None and not self.pages.link:
            reading.append("pages")
        if reading:
            fact = f"'whole' hands pages over unread, and '{reading[0]}' would read them"
            raise wrong_value(fact, f"remove 'whole' or '{reading[0]}'")
        return self

    @model_validator(mode="after")
    def _what_is_found_is_used(self) -> PollSettings:
        texts = [self.path.text, *(value.text for value in self.query.values())]
        for name, needed in self._variables().items():
            used = any(_uses(text, name) for text in texts)
            if needed and not used:
                cure = f"write it into 'query', e.g. query: {{{_EXAMPLES[name]}}}"
                raise wrong_value(f"no parameter holds '{{{{ {name} }}}}', so every request would be the same", cure)
            if used and not needed:
                where = "watermark" if name == "watermark" else f"pages: {{{_SETTING[name]}: …}}"
                raise wrong_value(f"'{{{{ {name} }}}}' is used, and nothing says what it is", f"add '{where}'")
        return self

    def _variables(self) -> dict[str, bool]:
        pages = self.pages or _NO_PAGES
        return {
            "watermark": self.watermark is not None,
            "cursor": pages.cursor is not None,
            "offset": pages.offset is not None,
            "page": pages.number is not None,
        }


_NO_PAGES = PageSettings.model_construct()
_SETTING = {"cursor": "cursor", "offset": "offset", "page": "number"}
_EXAMPLES = {
    "watermark": 'changed_since: "{{ watermark }}"',
    "cursor": 'cursor: "{{ cursor }}"',
    "offset": 'offset: "{{ offset }}"',
    "page": 'page: "{{ page }}"',
}


def _uses(text: str, name: str) -> bool:
    """Whether a template names a variable; `{% if cursor %}` counts, too."""
    return any(re.search(rf"\b{name}\b", part) for part in re.findall(r"\{\{.*?\}\}|\{%.*?%\}", text, re.DOTALL))
