"""Partner profiles: what they say about a format takes the place of what a route does not say.

The route's nodes are completed before anything is read of them. So every finding points to where something was written,
in the route or in the partner's file, and a stored route version holds the profile as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tundish.config.codes import UNKNOWN_NAME, WRONG_VALUE
from tundish.config.document import Entry, Fields, Scalar
from tundish.config.report import Report
from tundish.config.suggestions import suggest

FORMATS = ("x12", "edifact")
"""The formats that a profile says something about."""
_FIELD = "partner"
_WITHIN = "acknowledged_within"


@dataclass(frozen=True, slots=True)
class Partners:
    """The profiles of a project by name."""

    found: Mapping[str, Fields]
    report: Report

    def complete(self, route: Fields) -> Fields:
        """A route with the settings of the partners that its formats name."""
        source = route.get("from")
        if isinstance(source, Fields):
            route = _with(route, "from", self._completed(source, sends=False))
        destinations = route.get("to")
        if isinstance(destinations, Fields):
            for name, entry in destinations.entries.items():
                if isinstance(entry.node, Fields):
                    destinations = _with(destinations, name, self._completed(entry.node, sends=True))
            route = _with(route, "to", destinations)
        return route

    def _completed(self, endpoint: Fields, *, sends: bool) -> Fields:
        form = endpoint.get("format")
        if not isinstance(form, Fields):
            return endpoint
        for name in FORMATS:
            settings = form.get(name)
            named = settings.get(_FIELD) if isinstance(settings, Fields) else None
            if not isinstance(settings, Fields) or not isinstance(named, Scalar):
                continue
            partner = self._partner(named, name)
            if partner is None:
                continue
            agreed = partner.get(name)
            entries = agreed.entries if isinstance(agreed, Fields) else {}
            merged = Fields.at(settings, {**entries, **settings.entries})
            endpoint = _with(endpoint, "format", _with(form, name, merged))
            within = partner.entries.get(_WITHIN)
            answers = endpoint.get("takes")
            if sends and within is not None and _WITHIN not in endpoint.entries and answers is None:
                endpoint = endpoint.having(_WITHIN, within)
        return endpoint

    def _partner(self, named: Scalar, form: str) -> Fields | None:
        """The profile; None after a finding."""
        partner = self.found.get(named.text)
        if partner is None:
            cure = suggest(named.text, self.found) or f"write a file with 'partner: {named.text}'"
            self.report.add(UNKNOWN_NAME, named.place, f"there is no partner '{named.text}'", cure)
            return None
        if form not in partner.entries:
            fact = f"the partner '{named.text}' says nothing about {form}"
            self.report.add(WRONG_VALUE, named.place, fact, f"add '{form}: {{…}}' to its file")
        return partner


def _with(fields: Fields, name: str, node: Fields) -> Fields:
    return fields.having(name, Entry(fields.entries[name].name, node))
