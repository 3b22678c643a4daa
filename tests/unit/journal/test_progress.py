"""What has become of messages, as a source may tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.journal.making import journal_in, message, route, unit
from tundish.journal import STEPS
from tundish.model import DeliveryProgress

pytestmark = pytest.mark.anyio


async def test_each_delivery_has_its_state(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        await journal.accept(unit(version, message("a", to=("erp", "mes"))))
        (found,) = await journal.progress("confirmations", (1,))
        assert (found.id, found.state, found.is_settled) == (1, "open", False)
        await journal.done(1, "erp", "delivered", remote_id="45", detail="said")
        (found,) = await journal.progress("confirmations", (1,))
        assert found.deliveries == (
            DeliveryProgress("erp", "delivered", "45", "said"),
            DeliveryProgress("mes", "open"),
        )
        await journal.done(1, "mes", "filtered")
        (found,) = await journal.progress("confirmations", (1,))
        assert (found.state, found.is_settled) == ("done", True)


async def test_a_dead_letter_says_why_and_holds_the_next(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        await journal.accept(unit(version, message("a", to=("erp",))))
        await journal.accept(unit(version, message("b", to=("erp",))))
        await journal.bury(1, "erp", "Rejected", "no such order")
        dead, held = await journal.progress("confirmations", (2, 1))
        assert (dead.id, dead.state, dead.is_settled) == (1, "dead", True)
        assert dead.deliveries == (DeliveryProgress("erp", "dead", error="Rejected", text="no such order"),)
        assert (held.id, held.state, held.is_settled) == (2, "held", False)


async def test_a_message_that_died_in_the_steps_died_for_every_destination(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        await journal.accept(unit(version, message("a", to=("erp", "mes"))))
        await journal.bury(1, STEPS, "Invalid", "unknown unit")
        (found,) = await journal.progress("confirmations", (1,))
        assert {each.destination: (each.state, each.error) for each in found.deliveries} == {
            "erp": ("dead", "Invalid"),
            "mes": ("dead", "Invalid"),
        }


async def test_other_routes_and_numbers_are_not_told(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        await journal.accept(unit(version, message("a")))
        assert await journal.progress("another", (1,)) == []
        assert await journal.progress("confirmations", (2, 3)) == []
