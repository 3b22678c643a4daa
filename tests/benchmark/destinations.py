"""Where the routes of a benchmark lead.

A source has done its work when the journal has a message and its peer knows so. What the daemon does with it then costs
the same two cores, so each source is measured twice: with a destination that takes everything into memory, and with a
system that is not there, as in a plant whose ERP is down; its circuit opens, and messages come in all the same.
"""

from __future__ import annotations

from tests.conformance.ports import LOOPBACK, free_port

Ends = tuple[dict[str, object], dict[str, object]]
"""A connection called `sink`, and what stands behind `to.sink`."""


def memory() -> Ends:
    """Everything is delivered at once, and forgotten by whoever measures."""
    return {"memory": {}}, {"memory": {"connection": "sink", "queue": "sink"}, "concurrency": 64}


def nobody() -> Ends:
    """A system on a port that nobody listens on."""
    return {"rest": {"url": f"http://{LOOPBACK}:{free_port()}"}}, {"rest": {"connection": "sink", "path": "/"}}
