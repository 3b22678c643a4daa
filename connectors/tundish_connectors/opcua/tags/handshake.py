"""The handshake with a machine, as a decision from what is seen. Pure.

Four steps, as controllers do it: the trigger rises, we fetch and set the acknowledgement; the trigger falls, we take
the acknowledgement back. Whatever is repeated after a crash leads to the same end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

Action = Literal["fetch", "acknowledge", "take_back", "nothing"]


@dataclass(frozen=True, slots=True)
class HandshakeState:
    """What was made durable last."""

    raised: bool = False
    """A transaction was fetched, and its trigger has not been seen to fall since."""
    number: Any = None
    """The number of that transaction, where it has one."""

    def to_json(self) -> dict[str, Any]:
        """For the cursor."""
        return {"raised": self.raised, "number": self.number}


def seen(state: HandshakeState, trigger: bool) -> Action:
    """What to do when the trigger is reported, in the order of its changes."""
    if trigger:
        return "nothing" if state.raised else "fetch"
    return "take_back" if state.raised else "nothing"


def resumed(state: HandshakeState, trigger: bool, number: Any, *, acknowledged: bool) -> Action:
    """What to do after connecting, from what the machine shows now."""
    if not trigger:
        return "take_back" if state.raised or acknowledged else "nothing"
    if not state.raised:
        return "fetch"
    if state.number is not None and number != state.number:
        return "fetch"
    # Fetched, but perhaps never acknowledged.
    return "nothing" if acknowledged else "acknowledge"


def fetched(state: HandshakeState, number: Any) -> HandshakeState:
    """After a transaction became durable."""
    return replace(state, raised=True, number=number)


def fallen(state: HandshakeState) -> HandshakeState:
    """After the trigger fell."""
    return replace(state, raised=False)
