"""What each step does to a message, and what is told of it."""

from __future__ import annotations

import io
import pkgutil
from pathlib import Path

import pytest
import structlog

from tests.unit.plan.plans import FROM, HEAD, TO, Answers, only, scope
from tundish.config.steps import step_specs
from tundish.errors import Invalid, Rejected
from tundish.model import Record, Value
from tundish.plan import RoutePlan, process, process_now, trace
from tundish.plan import steps as package
from tundish.plan.route import Processed
from tundish.plan.steps.building import compiler_of
from tundish.telemetry import configure_logs

pytestmark = pytest.mark.anyio

MAPPING = "mapping: rename\nlet: {both: a}\nfields: {b: $both, topic: $meta.topic}\n"
LOOKUPS = "lookups: {orders: {memory: {queue: orders, by: key}}}\n"


def steps(root: Path, *lines: str) -> RoutePlan:
    text = "steps:\n" + "".join(f"  - {line}\n" for line in lines)
    return only(root, HEAD + FROM + TO + text, mapping=MAPPING, lookups=LOOKUPS, model=MODEL, contract=CONTRACT)


MODEL = "model: item\nversion: 1.0.0\nfields: {id: {type: id, required: true}, size: {type: int}}\n"
CONTRACT = "contract: item\nschema: {required: [id]}\n"


def now(route: RoutePlan, record: Value) -> Processed:
    assert not route.awaits
    return process_now(route, record, scope(route))


def test_each_declared_step_has_its_module_and_no_other() -> None:
    machinery = {"building", "sequence"}
    assert {module.name for module in pkgutil.iter_modules(package.__path__)} - machinery == set(step_specs())
    assert all(callable(compiler_of(keyword)) for keyword in step_specs())


def test_map_makes_another_record(tmp_path: Path) -> None:
    assert now(steps(tmp_path, "map: rename"), {"a": 1}) == Processed({"b": 1, "topic": "a/b"})


@pytest.mark.parametrize(("record", "goes_on"), [({"a": 1}, True), ({"a": 0}, True), ({"a": ""}, False), ({}, False)])
def test_filter_lets_through_what_is_true(record: Record, goes_on: bool, tmp_path: Path) -> None:
    assert now(steps(tmp_path, "filter: a", "filter: true"), record) == Processed(record, filtered=not goes_on)


def test_a_condition_that_fails_is_a_fault_of_the_message(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        now(steps(tmp_path, "filter: upper(a) == 'X'"), {"a": 1})
    (fault,) = caught.value.faults
    assert fault.place is not None
    assert (fault.place.line, fault.place.column) == (5, 19)


@pytest.mark.parametrize("what", ["model: item/1", "contract: item"])
def test_validate_tells_all_faults(what: str, tmp_path: Path) -> None:
    route = steps(tmp_path, f"validate: {{{what}}}")
    assert now(route, {"id": "A"}) == Processed({"id": "A"})
    with pytest.raises(Invalid, match="id"):
        now(route, {"size": "large"})


def test_stop_ends_the_message(tmp_path: Path) -> None:
    assert now(steps(tmp_path, "stop: enough", "map: rename"), {"a": 1}) == Processed({"a": 1}, filtered=True)


CHOICE = """choice:
      - when: a == 1
        steps: [{map: rename}]
      - {when: c, steps: [{stop: no}]}
      - otherwise: [{filter: d}]"""


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"a": 1}, Processed({"b": 1, "topic": "a/b"})),
        ({"c": 1}, Processed({"c": 1}, filtered=True)),
        ({"d": 1}, Processed({"d": 1})),
        ({"e": 1}, Processed({"e": 1}, filtered=True)),
    ],
)
def test_choice_takes_the_first_branch_that_holds(record: Record, expected: Processed, tmp_path: Path) -> None:
    assert now(steps(tmp_path, CHOICE), record) == expected


def test_choice_without_a_branch_that_holds_changes_nothing(tmp_path: Path) -> None:
    assert now(steps(tmp_path, "choice: [{when: c, steps: [{stop: no}]}]"), {"d": 1}) == Processed({"d": 1})


ENRICH = "enrich: {lookup: orders, by: order, into: found}"


async def test_enrich_adds_what_a_lookup_answers(tmp_path: Path) -> None:
    route = steps(tmp_path, ENRICH)
    answers = Answers({"4711": {"status": "open"}})
    assert route.awaits
    result = await process(route, {"order": 4711, "item": "X"}, scope(route), answers)
    assert result.record == {"order": 4711, "item": "X", "found": {"status": "open"}}
    assert answers.asked == [("orders", "4711", "X")]
    assert route.lookups["orders"].connector.id == "memory"
    assert [step.keyword for step in route.steps] == ["enrich"]


@pytest.mark.parametrize(
    ("record", "error", "text"),
    [
        ({"order": 9}, Rejected, "the lookup 'orders' has nothing for '9'"),
        ({}, Invalid, "'by' gives nothing to ask 'orders' for"),
        ([1], Invalid, "only a message with fields can be enriched"),
    ],
)
async def test_an_answer_that_is_needed_and_absent_ends_the_message(
    record: Value, error: type[Exception], text: str, tmp_path: Path
) -> None:
    route = steps(tmp_path, ENRICH)
    with pytest.raises(error, match=text):
        await process(route, record, scope(route), Answers({}))


@pytest.mark.parametrize("record", [{"order": 9}, {}])
async def test_an_answer_that_is_optional_may_be_absent(record: Record, tmp_path: Path) -> None:
    route = steps(tmp_path, ENRICH.replace("found}", "found, optional: true}"))
    result = await process(route, record, scope(route), Answers({}))
    assert result.record == {**record, "found": None}


async def test_a_choice_awaits_when_one_of_its_steps_does(tmp_path: Path) -> None:
    route = steps(tmp_path, f"choice: [{{when: order, steps: [{{{ENRICH}}}]}}]")
    assert route.awaits
    assert [step.keyword for step in route.steps] == ["choice"]
    assert (await process(route, {"order": 1}, scope(route), Answers({"1": 2}))).record == {"order": 1, "found": 2}
    with pytest.raises(AssertionError):
        process_now(route, {"order": 1}, scope(route))


def test_log_writes_only_where_logs_are_set_up(tmp_path: Path) -> None:
    route = steps(tmp_path, 'log: "order {{ order }} of {{ meta.topic }}"')
    assert now(route, {"order": 7}).record == {"order": 7}
    stream = io.StringIO()
    configure_logs("json", stream=stream)
    try:
        now(route, {"order": 7})
    finally:
        structlog.reset_defaults()
    assert '"text":"order 7 of a/b"' in stream.getvalue().replace('": "', '":"')
    with pytest.raises(Invalid):
        now(route, {})


async def test_a_trace_shows_every_stage(tmp_path: Path) -> None:
    route = steps(tmp_path, "map: rename", "choice: [{otherwise: [{log: x}]}]", "stop: done")
    result, stages = await trace(route, {"a": 1}, scope(route), Answers({}))
    assert isinstance(result, Processed)
    assert result.filtered
    assert [(stage.stage, stage.filtered) for stage in stages] == [
        ("map rename", False),
        ("log x", False),
        ("choice", False),
        ("stop done", True),
    ]
    assert (stages[0].before, stages[0].after) == ({"a": 1}, {"b": 1, "topic": "a/b"})


async def test_a_trace_ends_with_the_step_that_fails(tmp_path: Path) -> None:
    route = steps(tmp_path, "filter: true", ENRICH, "stop: done")
    result, stages = await trace(route, {"order": 9}, scope(route), Answers({}))
    assert isinstance(result, Rejected)
    assert [stage.stage for stage in stages] == ["filter `true`", "enrich orders"]
    assert stages[-1].faults[0].text == "the lookup 'orders' has nothing for '9'"
