"""`partner: …`: what was agreed with a trading partner about EDI."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tundish.config.names import Identifier
from tundish.formats.edi.settings import EdifactSettings, X12Settings
from tundish.model import Settings
from tundish.sdk import Duration


class PartnerFile(Settings):
    """A trading partner: identifiers, delimiters, versions, deviations, acknowledgements. Routes name it."""

    partner: Identifier
    """How the partner is called: `format: {x12: {partner: acme}}`."""
    description: str = ""
    """Who it is, and what is traded."""
    owner: str = ""
    """Who agreed on this."""
    x12: X12Settings | None = None
    """Settings of the format `x12` with this partner; what a route writes itself comes before them."""
    edifact: EdifactSettings | None = None
    """Settings of the format `edifact` with this partner; what a route writes itself comes before them."""
    acknowledged_within: Annotated[Duration, Field(gt=0)] | None = None
    """How soon the partner has to acknowledge what is sent, for destinations that do not say it themselves."""
