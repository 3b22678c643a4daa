"""The demonstration says "missing: 0" only when it is true, so each way of being untrue is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from tundish.cli.demo.balance import compare, is_settled
from tundish.journal.contract import MessageSummary, RouteTotals, Selection

NOTHING = RouteTotals(
    route="confirmations",
    accepted=0,
    duplicates=0,
    conflicts=0,
    deliveries=0,
    delivered=0,
    already_there=0,
    filtered=0,
    discarded=0,
    retries=0,
    dead=0,
    unreadable=0,
    open=0,
    held=0,
)


@dataclass(frozen=True)
class Document:
    """Something that a plant handed over."""

    find: tuple[str, str]
    route: str = "confirmations"
    destination: str = "erp"


class Books:
    """A journal that knows one fate per document; nothing else of it is asked."""

    def __init__(self, fates: dict[str, str], totals: RouteTotals = NOTHING) -> None:
        self._fates = fates
        self._totals = totals

    def messages(self, selection: Selection) -> Sequence[MessageSummary]:
        assert selection.find is not None
        fate = self._fates.get(selection.find[1])
        if fate is None:
            return ()
        return (MessageSummary(1, selection.route, "4711", 0, "done", (("erp", fate), ("historian", "delivered"))),)

    def totals(self) -> Sequence[RouteTotals]:
        return (self._totals,)


A = Document(("completion", "A"))


def booked(**times: int) -> dict[tuple[str, str], dict[str, int]]:
    return {("confirmations", "erp"): times}


def test_what_the_peer_holds_is_not_missing() -> None:
    assert compare([A], booked(A=1), {}, Books({"A": "delivered"})).holds


@pytest.mark.parametrize("fate", ["open", "held", "dead"])
def test_what_the_journal_keeps_is_not_missing(fate: str) -> None:
    assert compare([A], booked(), {}, Books({"A": fate})).holds


@pytest.mark.parametrize("fate", ["delivered", "duplicate", "filtered", "discarded"])
def test_what_only_the_journal_calls_done_is_missing(fate: str) -> None:
    balance = compare([A], booked(), {}, Books({"A": fate}))
    assert (balance.missing, balance.holds) == (("confirmations/erp A",), False)


def test_what_nobody_knows_is_missing() -> None:
    assert compare([A], {}, {}, Books({})).missing == ("confirmations/erp A",)


def test_what_was_booked_twice_is_told() -> None:
    balance = compare([A], booked(A=2), {}, Books({"A": "delivered"}))
    assert (balance.twice, balance.holds) == (("confirmations/erp A: 2 times",), False)


def test_a_broken_document_that_was_not_kept_is_missing() -> None:
    kept_one = replace(NOTHING, unreadable=1)
    assert compare([], {}, {"confirmations": 1}, Books({}, kept_one)).holds
    assert len(compare([], {}, {"confirmations": 3}, Books({}, kept_one)).missing) == 2


def test_a_delivery_without_a_fate_is_told() -> None:
    lost = replace(NOTHING, deliveries=3, delivered=1, dead=1)
    assert compare([], {}, {}, Books({}, lost)).unbalanced == ("confirmations",)


def test_the_plant_is_settled_when_all_that_is_open_waits_for_a_human() -> None:
    assert is_settled([replace(NOTHING, open=2, held=2)])
    assert not is_settled([replace(NOTHING, open=2, held=1)])
