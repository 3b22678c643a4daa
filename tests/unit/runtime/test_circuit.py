"""When a destination is left alone."""

from __future__ import annotations

from tundish.runtime.delivering.circuit import LANES_TO_OPEN, Circuit
from tundish.sdk import Backoff


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def state_of(circuit: Circuit) -> str:
    """A function, so that the type checker does not take the state of a moment ago for that of now."""
    return circuit.state


def circuit() -> tuple[Circuit, Clock]:
    clock = Clock()
    return Circuit(Backoff(1.0, 8.0), clock=clock, random=lambda: 1.0), clock


def opened() -> tuple[Circuit, Clock]:
    made, clock = circuit()
    for lane in range(LANES_TO_OPEN):
        made.started()
        made.failed(lane)
    return made, clock


def test_one_stuck_lane_says_nothing_about_the_destination() -> None:
    made, _ = circuit()
    for _ in range(100):
        made.started()
        assert not made.failed("WO-1")
    assert state_of(made) == "closed"
    assert made.allows()


def test_many_lanes_in_a_row_open_it_and_a_success_between_does_not() -> None:
    made, _ = circuit()
    for lane in range(LANES_TO_OPEN - 1):
        made.failed(lane)
    made.succeeded()
    assert not made.failed("another")
    made, _ = opened()
    assert state_of(made) == "open"
    assert not made.allows()


def test_one_attempt_at_a_time_decides_whether_it_closes() -> None:
    made, clock = opened()
    clock.now += 1.1
    assert state_of(made) == "half-open"
    assert made.allows()
    made.started()
    assert not made.allows(), "a second probe"
    assert made.succeeded()
    assert state_of(made) == "closed"
    assert made.allows()


def test_a_probe_that_fails_doubles_the_wait() -> None:
    made, clock = opened()
    clock.now += 1.1
    made.started()
    assert made.failed("probe")
    clock.now += 1.1
    assert state_of(made) == "open"
    clock.now += 1.0
    assert state_of(made) == "half-open"


def test_failures_of_what_started_before_it_opened_change_nothing() -> None:
    made, _ = opened()
    until = made.until
    assert not made.failed("late")
    assert made.until == until


def test_a_probe_that_never_reached_the_destination_frees_the_next_one() -> None:
    made, clock = opened()
    clock.now += 1.1
    made.started()
    made.spared()
    assert state_of(made) == "half-open"
    assert made.allows()


def test_a_pause_holds_everyone_back_for_as_long_as_it_says() -> None:
    made, clock = circuit()
    made.pause(30)
    clock.now += 29.9
    assert not made.allows()
    clock.now += 0.2
    assert made.allows()
