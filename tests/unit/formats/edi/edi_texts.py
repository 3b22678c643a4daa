"""Small interchanges for the tests, and short ways to read them."""

from __future__ import annotations

from tundish.formats.contract import Decoded, Undecodable
from tundish.formats.edi.edifact import EdifactFormat
from tundish.formats.edi.settings import EdifactSettings, Party, X12Settings
from tundish.formats.edi.syntax.events import EdiMessage, Event, GroupEnd, InterchangeEnd, Unreadable
from tundish.formats.edi.syntax.reader import read
from tundish.formats.edi.x12 import X12Format

ISA = "ISA*00*          *00*          *ZZ*ACME           *01*SUPPLIER       *261001*1200*U*00401*000000007*0*P*>~"
GS = "GS*PO*ACME*SUPPLIER*20261001*1200*7*X*004010~"
ORDER = "ST*850*0001~BEG*00*SA*PO-1**20261001~PO1*1*10*EA*2.5**BP*A-1~CTT*1~SE*5*0001~"
X12_ORDER = f"{ISA}{GS}{ORDER}GE*1*7~IEA*1*000000007~"

UNB = "UNB+UNOC:3+ACME:14+SUPPLIER:14+261001:1200+42'"
ORDERS = "UNH+1+ORDERS:D:96A:UN'BGM+220+PO-1+9'DTM+137:20261001:102'LIN+1++A-1:SA'QTY+21:10'UNS+S'UNT+7+1'"
EDIFACT_ORDER = f"{UNB}{ORDERS}UNZ+1+42'"

X12 = X12Format(X12Settings(sender=Party(id="ACME"), receiver=Party(id="SUPPLIER", qualifier="01")))
EDIFACT = EdifactFormat(EdifactSettings(sender=Party(id="ACME", qualifier="14"), receiver=Party(id="SUPPLIER")))


def events(text: str | bytes) -> list[Event]:
    """Everything that the reader finds."""
    return list(read([text if isinstance(text, bytes) else text.encode("iso-8859-1")]))


def rules_of(text: str | bytes) -> list[str]:
    """The ids of all rules that are broken, in order."""
    found: list[str] = []
    for event in events(text):
        match event:
            case Unreadable(defect=defect):
                found.append(defect.rule.id)
            case EdiMessage(defects=defects) | GroupEnd(defects=defects) | InterchangeEnd(defects=defects):
                found += [defect.rule.id for defect in defects]
    return found


def messages(text: str | bytes) -> list[EdiMessage]:
    """The messages, with or without defects."""
    return [event for event in events(text) if isinstance(event, EdiMessage)]


def decoded(edi: X12Format | EdifactFormat, text: str | bytes) -> list[Decoded | Undecodable]:
    """What the format makes of a unit."""
    return list(edi.decode([text if isinstance(text, bytes) else text.encode("iso-8859-1")]))
