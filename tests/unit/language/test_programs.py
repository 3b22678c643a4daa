"""A whole mapping as one function, and all faults of a record and of a mapping together."""

from __future__ import annotations

import traceback
from decimal import Decimal

import pytest

from tests.unit.language.evaluating import ENVIRONMENT, SCOPE, leaf
from tundish.errors import ConfigurationError, Invalid
from tundish.faults import Place
from tundish.language import Each, Environment, Group, Leaf, Program, compile_program
from tundish.language.codes import FINDING_CODES
from tundish.model import Record


def test_fields_groups_lists_and_lets() -> None:
    program = Program(
        lets=[("half", leaf("$total / 2")), ("total", leaf("sum(items[*].qty)")), ("unused", leaf("1 / 0"))],
        fields=Group(
            {
                "order": leaf("order.number"),
                "sums": Group({"total": leaf("$total"), "half": leaf("$half"), "text": leaf("'fixed'")}),
                "lines": Each(
                    leaf("items[?qty > 1]"),
                    Group({"id": leaf("int(id)"), "order": leaf("$.order.number"), "share": leaf("qty / $total")}),
                ),
                "single": Each(leaf("as_array(order)"), Group({"n": leaf("number")})),
                "none": Each(leaf("nothing"), Group({"id": leaf("id")})),
                "made": Each(leaf("[order, order]"), Group({"number": leaf("number")})),
                "parts": Each(leaf("items"), Group({"subs": Each(leaf("parts"), Group({"n": leaf("n + $total")}))})),
            }
        ),
    )
    record: Record = {
        "order": {"number": "4711"},
        "items": [{"id": "01", "qty": 1, "parts": [{"n": 1}]}, {"id": "02", "qty": 3}, {"id": "3", "qty": 4}],
    }
    assert compile_program(program, ENVIRONMENT)(record, SCOPE) == {
        "order": "4711",
        "sums": {"total": 8, "half": 4, "text": "fixed"},
        "lines": [
            {"id": 2, "order": "4711", "share": Decimal("0.375")},
            {"id": 3, "order": "4711", "share": Decimal("0.5")},
        ],
        "single": [{"n": "4711"}],
        "none": [],
        "made": [{"number": "4711"}, {"number": "4711"}],
        "parts": [{"subs": [{"n": 9}]}, {"subs": []}, {"subs": []}],
    }


def test_all_faults_of_a_record_come_together_with_path_and_place() -> None:
    program = Program(
        lets=[("rate", leaf("int(rate)", 2, 8)), ("two", leaf("1 + 1", 3, 8))],
        fields=Group(
            {
                "id": leaf("required(id, 'an id is needed')", 4, 7),
                "price": leaf("qty * $rate", 5, 7),
                "date": Group({"start": leaf("date(start)", 7, 9)}),
                "lines": Each(leaf("items", 9, 9), Group({"qty": leaf("decimal(qty)", 11, 10)})),
                "wrong": Each(leaf("id || 'x'", 12, 9), Group({"a": leaf("b")})),
                "broken": Each(leaf("int('x')", 13, 9), Group({"a": leaf("b")})),
                "fine": leaf("qty + $two - $two"),
            }
        ),
    )
    compiled = compile_program(program)
    record: Record = {"rate": "x", "qty": 2, "start": "5.10.", "items": [{"qty": "1"}, {"qty": "?"}, {"qty": "!"}]}
    with pytest.raises(Invalid) as caught:
        compiled(record, {})
    assert [(fault.path, str(fault.place)) for fault in caught.value.faults] == [
        ("$rate", "mapping.yaml:2:12"),
        ("id", "mapping.yaml:4:16"),
        ("date.start", "mapping.yaml:7:14"),
        ("lines[1].qty", "mapping.yaml:11:18"),
        ("lines[2].qty", "mapping.yaml:11:18"),
        ("wrong", "mapping.yaml:12:9"),
        ("broken", "mapping.yaml:13:13"),
    ]
    assert "an id is needed" in caught.value.text
    attempt = compiled.attempt(record, {})
    assert attempt.failed[:3] == ("$rate", "id", "price")
    assert attempt.record == {"date": {}, "lines": [{"qty": 1}, {}, {}], "fine": 2}


def test_tracebacks_show_the_lines_of_the_mapping() -> None:
    compiled = compile_program(Program(Group({"a": leaf("b", 3, 6), "c": leaf("int(d)", 4, 6)})))
    with pytest.raises(Invalid) as caught:
        compiled({"d": "x"}, {})
    assert caught.value.__cause__ is not None
    frames = traceback.extract_tb(caught.value.__cause__.__traceback__)
    assert [(frame.filename, frame.lineno, frame.colno) for frame in frames if frame.filename == "mapping.yaml"] == [
        ("mapping.yaml", 4, 5)
    ]


def test_a_fault_that_only_the_whole_mapping_has_is_told_too() -> None:
    heavy = Each(leaf("items"), Group({"all": leaf("$.items")}))
    fields = {f"f{number}": heavy for number in range(12)}
    record: Record = {"items": [{"n": number} for number in range(800)]}
    with pytest.raises(Invalid, match="look at more than 10000000 values"):
        compile_program(Program(Group(fields)))(record, {})


def test_all_faults_of_a_mapping_come_together() -> None:
    program = Program(
        lets=[("a", leaf("$b", 1)), ("b", leaf("$a + 1", 2)), ("c", leaf("1 +", 3))],
        fields=Group(
            {
                "syntax": leaf("x = 1", 4),
                "function": leaf("foo(bar(1))", 5),
                "group": Group({"list": leaf("code('shift', x)", 6)}),
                "each": Each(leaf("items | $nope", 7), Group({"arity": leaf("trim()", 8), "type": leaf("abs(&x)", 9)})),
                "budget": leaf(" | ".join(["[@,@]"] * 24), 10),
            }
        ),
    )
    with pytest.raises(ConfigurationError) as caught:
        compile_program(program, ENVIRONMENT)
    assert [(finding.place.line, finding.code) for finding in caught.value.findings] == [
        (1, "TD208"),
        (2, "TD208"),
        (3, "TD201"),
        (4, "TD201"),
        (5, "TD202"),
        (5, "TD202"),
        (6, "TD206"),
        (7, "TD204"),
        (8, "TD203"),
        (9, "TD205"),
        (10, "TD207"),
    ]
    assert "no value before $b" in caught.value.findings[0].text


def test_lists_in_lists_in_lists() -> None:
    node: Group | Each = Group({"n": leaf("n")})
    for _ in range(30):
        node = Group({"x": Each(leaf("x"), node)}) if isinstance(node, Group) else node
    record: Record = {"n": 1}
    for _ in range(30):
        record = {"x": [record]}
    assert isinstance(node, Group)
    assert compile_program(Program(node))(record, {}) == record


def test_an_empty_mapping_gives_an_empty_record() -> None:
    assert compile_program(Program(Group({})), Environment())({"a": 1}, {}) == {}


def test_common_parts_are_computed_once() -> None:
    slow = {f"f{number}": leaf("sum(map(&sum(map(&sum(x), @)), items))") for number in range(20)}
    compiled = compile_program(Program(Group(slow)))
    code = compiled._run.__code__
    assert code.co_nlocals < 60, "twenty times the same expression is one computation"
    assert compiled({"items": [[{"x": [1, 2]}]]}, {})["f0"] == 3


def test_codes_are_unique_and_explained() -> None:
    assert len({code.id for code in FINDING_CODES}) == len(FINDING_CODES)
    assert all(code.title and code.explanation and code.wrong != code.right for code in FINDING_CODES)


def test_places_count_where_an_expression_has_none() -> None:
    program = Program(Group({"a": Leaf("x =", Place("m.yaml", 1, 1, 0))}))
    with pytest.raises(ConfigurationError) as caught:
        compile_program(program)
    assert caught.value.findings[0].place.file == "m.yaml"
