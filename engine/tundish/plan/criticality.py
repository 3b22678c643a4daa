"""Named bundles of defaults, so that a route says what is at stake and not how often to try."""

from __future__ import annotations

from collections.abc import Mapping

from tundish.plan.route import RetryPolicy

CRITICALITY: Mapping[str, RetryPolicy] = {
    # About eight minutes of attempts: longer than the restart of a server, shorter than a shift.
    "default": RetryPolicy(attempts=8, first=1.0, longest=300.0),
    # About 45 minutes: a booking is worth waiting for the end of a maintenance window.
    "financial": RetryPolicy(attempts=12, first=2.0, longest=600.0),
}
"""Retries by the `criticality` of a route; its `retry` and that of a destination go over them, field by field."""
