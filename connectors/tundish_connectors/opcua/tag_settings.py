"""Settings of what happens to a tag's values before they are handed over."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from tundish.sdk import Duration, Settings, wrong_value
from tundish_connectors.opcua.addresses import address_fault


def _address(text: str) -> str:
    if fault := address_fault(text):
        raise wrong_value(f"'{text}' names no node: {fault}", "write e.g. 'Objects/Line1/Scale' or 'ns=2;s=Scale'")
    return text


Address = Annotated[str, AfterValidator(_address)]
"""Where one node is: a path from the root (`Objects/Line1/Scale`) or a NodeId (`ns=2;s=Scale`, `nsu=urn:plc;i=7`)."""


class CounterSettings(Settings):
    """A tag that counts up. Each record gets the `difference` to the one before."""

    rolls_over_at: Annotated[int | None, Field(ge=2)] = None
    """The first number that the counter cannot show, e.g. 65536: after 65535 it shows 0. A fall that would mean more
    than half of that is a reset. Without it every fall is a reset."""


class TagSettings(Settings):
    """What a value has to pass before it is handed over. Without any of these, every value is handed over."""

    quality: Literal["any", "not-bad", "good"] = "any"
    """Which status a value must have."""
    edge: Literal["rising", "falling"] | None = None
    """Only when a tag goes from false (or 0) to true (or another number), or back."""
    deadband: Annotated[Decimal | None, Field(gt=0)] = None
    """Only when it is at least so far from the value that was handed over last."""
    debounce: Annotated[Duration | None, Field(gt=0)] = None
    """Only when it has been the same for so long."""
    counter: CounterSettings | None = None
    """It counts: the record gets the difference, over roll-overs and resets."""

    @property
    def remembers(self) -> bool:
        """Whether what happens to a value depends on earlier ones, or it may be dropped."""
        steps = (self.edge, self.deadband, self.debounce, self.counter)
        return self.quality != "any" or any(step is not None for step in steps)


class HandshakeSettings(Settings):
    """A machine raises a trigger and waits: some tags are read and handed over as one message, then it is told so.

    The machine keeps the trigger raised and the tags unchanged until the acknowledgement; it does not raise the
    trigger again before the acknowledgement is taken back (or, without `reset`, before it took it back itself).
    """

    trigger: Address
    """The tag that rises when there is something to fetch."""
    read: Annotated[dict[str, Address], Field(min_length=1)]
    """Names of the record's fields, and the tags that they are read from, all in one call."""
    acknowledge: Address
    """The tag that is set once the message is on disk, and taken back when the trigger falls."""
    reset: bool = True
    """Take the acknowledgement back when the trigger falls; otherwise the machine does that itself."""
    number: str | None = None
    """Name of a field in `read` that is different in each transaction, such as a serial number. With it a trigger that
    is still raised after a restart is told apart from one that was raised anew."""

    @model_validator(mode="after")
    def _number_is_read(self) -> HandshakeSettings:
        if self.number is not None and self.number not in self.read:
            raise wrong_value(f"'number' names '{self.number}', which is not read", "add it to 'read'")
        if not self.reset and self.number is None:
            text = "without 'reset' and 'number' a trigger that is raised after a restart may be an old or a new one"
            raise wrong_value(text, "name in 'number' what is different in each transaction, or leave 'reset' on")
        return self
