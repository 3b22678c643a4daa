"""`enrich`: add what another system knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tundish.config.steps.enrich import EnrichSettings
from tundish.errors import Invalid, Rejected
from tundish.faults import Fault, Place
from tundish.model import Scope, Value
from tundish.plan.evaluation import Function, key_text, template_scope
from tundish.plan.route import LookupService, Step, Watch
from tundish.plan.steps.building import Site


@dataclass(frozen=True, slots=True)
class EnrichStep:
    """Asks a lookup. Its templates see the value of `by` as `key`, beside the fields of the message."""

    settings: EnrichSettings
    by: Function
    place: Place

    @property
    def keyword(self) -> str:
        """`enrich`."""
        return "enrich"

    @property
    def label(self) -> str:
        """The step for people."""
        return f"enrich {self.settings.lookup}"

    @property
    def awaits(self) -> bool:
        """Always."""
        return True

    def apply(self, record: Value, scope: Scope) -> object:
        """Never called, because the step awaits."""
        raise AssertionError("a lookup cannot be asked without waiting")

    async def answer(self, record: Value, scope: Scope, lookups: LookupService, watch: Watch | None = None) -> object:
        """The record with the answer in it.

        Raises Invalid for a record that has no fields or gives no key, Rejected where the other system knows nothing
        of the key, and the DeliveryError of the lookup.
        """
        if not isinstance(record, dict):
            raise _invalid("only a message with fields can be enriched", self.place)
        key = key_text(self.by(record, scope))
        if key is None and not self.settings.optional:
            raise _invalid(f"'by' gives nothing to ask '{self.settings.lookup}' for", self.place)
        found: Value = None
        if key is not None:
            receipt = await lookups.find(self.settings.lookup, template_scope(record, scope, key=key))
            found = _body(receipt.facts)
            if found is None and not self.settings.optional:
                status = receipt.facts.get("status", "none")
                text = f"the lookup '{self.settings.lookup}' has nothing for '{key}'"
                raise Rejected(text, detail=f"status {status}", faults=(Fault("", text, place=self.place),))
        return {**record, self.settings.into: found}


def compile_step(settings: EnrichSettings, site: Site) -> Step:
    """The lookup is asked by the engine, so this holds no connection."""
    return EnrichStep(settings, site.expression("by"), site.place)


def _body(facts: Mapping[str, Value]) -> Value:
    """The body of an answer; None where its status says that there is none."""
    status = facts.get("status")
    if isinstance(status, int) and not 200 <= status < 300:
        return None
    return facts.get("body")


def _invalid(text: str, place: Place) -> Invalid:
    return Invalid(text, faults=(Fault("", text, place=place),))
