"""What values pass through on their way to a route, and that it survives a restart."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tundish_connectors.opcua.tag_settings import TagSettings
from tundish_connectors.opcua.tags.chain import TagChain
from tundish_connectors.opcua.tags.counter import count
from tundish_connectors.opcua.tags.handshake import HandshakeState, fallen, fetched, resumed, seen


def record(value: object, second: float = 0, status: str = "Good") -> dict[str, Any]:
    """One value at a second of a minute."""
    time = f"2026-03-02T14:05:{second:09.6f}Z"
    return {"kind": "value", "value": value, "status": status, "source_time": time, "server_time": time}


def chain(**settings: object) -> TagChain:
    """A chain with these settings."""
    return TagChain(TagSettings.model_validate(settings))


def passed(made: TagChain, *values: object) -> list[object]:
    """The values that come out, one second apart."""
    return [
        each["value"] for second, value in enumerate(values) for each in made.take(record(value, second), float(second))
    ]


@pytest.mark.parametrize(
    ("before", "now", "end", "difference", "step"),
    [
        (None, 5, None, None, "first"),
        (5, 9, None, 4, "counted"),
        (5, 5, None, 0, "counted"),
        (65530, 4, 65536, 10, "rolled_over"),
        (65530, 4, None, 4, "reset"),
        (30000, 4, 65536, 4, "reset"),
        (99, 0, 100, 1, "rolled_over"),
        (100, 100, 100, 0, "counted"),
    ],
)
def test_counters(before: int | None, now: int, end: int | None, difference: int | None, step: str) -> None:
    found = count(None if before is None else Decimal(before), Decimal(now), end)
    assert (found.difference, found.step) == (None if difference is None else Decimal(difference), step)


def test_a_deadband_looks_at_what_was_handed_over_last() -> None:
    assert passed(chain(deadband="1"), 10, 10.5, 10.9, 11, 11.5, 9.9) == [10, 11, 9.9]


def test_an_edge_needs_a_value_before() -> None:
    assert passed(chain(edge="rising"), True, True, False, True, 0, 7) == [True, 7]
    assert passed(chain(edge="falling"), True, False, 0, 1, 0) == [False, 0]


@pytest.mark.parametrize(
    ("quality", "expected"),
    [("any", [1, 2, 3]), ("not-bad", [1, 2]), ("good", [1])],
)
def test_quality(quality: str, expected: list[int]) -> None:
    made = chain(quality=quality)
    statuses = ("GoodClamped", "UncertainLastUsableValue", "BadSensorFailure")
    found = [made.take(record(number, 0, status), 0.0) for number, status in enumerate(statuses, 1)]
    assert [each["value"] for listed in found for each in listed] == expected


def test_debounce_goes_by_the_times_of_the_machine() -> None:
    made = chain(debounce="2s")
    assert made.take(record("A", 0), 0) == []
    assert made.take(record("B", 1), 1) == [], "A was there for one second"
    assert [each["value"] for each in made.take(record("C", 4), 1.1)] == ["B"], "both came with one notification"
    assert made.due == pytest.approx(3.1)
    assert made.flush(3.0) == []
    assert [each["value"] for each in made.flush(3.2)] == ["C"]
    assert made.take(record("D", 5), 4) == []
    assert made.take(record("C", 5.5), 4.5) == [], "back where it was"
    assert made.due is None


def test_its_state_survives_as_json() -> None:
    settings: dict[str, object] = {
        "counter": {"rolls_over_at": 100},
        "deadband": "1",
        "edge": "rising",
        "debounce": "1s",
    }
    first = chain(**settings)
    first.take(record(0, 0), 0)
    first.take(record(97, 2), 2)
    second = chain(**settings)
    second.restore(json.loads(json.dumps(first.state(), default=str)), 10.0)
    assert second.state() == json.loads(json.dumps(first.state(), default=str))
    assert [each["value"] for each in second.flush(11.5)] == [97]


def test_the_steps_of_a_handshake() -> None:
    state = HandshakeState()
    assert seen(state, True) == "fetch"
    state = fetched(state, 7)
    assert seen(state, True) == "nothing"
    assert seen(state, False) == "take_back"
    state = fallen(state)
    assert seen(state, False) == "nothing"
    assert HandshakeState(**state.to_json()) == state


@pytest.mark.parametrize(
    ("raised", "trigger", "number", "acknowledged", "action"),
    [
        (False, False, 7, False, "nothing"),
        (False, False, 7, True, "take_back"),
        (False, True, 8, False, "fetch"),
        (True, True, 7, False, "acknowledge"),
        (True, True, 7, True, "nothing"),
        (True, True, 8, False, "fetch"),
        (True, False, 7, True, "take_back"),
    ],
)
def test_a_handshake_is_resumed_from_what_the_machine_shows(
    raised: bool, trigger: bool, number: int, acknowledged: bool, action: str
) -> None:
    assert resumed(HandshakeState(raised, 7), trigger, number, acknowledged=acknowledged) == action
