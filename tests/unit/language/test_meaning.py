"""What expressions mean where Tundish adds to JMESPath, and what errors say."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

import pytest

from tests.unit.language.evaluating import evaluate, refused
from tundish.errors import ExpressionError
from tundish.faults import Place
from tundish.language import Compiled, Environment, compile_expression, is_true
from tundish.language.evaluation.values import equal, kind_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2", 3),
        ("a - b", 1),
        ("a-b", 1),
        ("a * b", 6),
        ("a / b", Decimal("1.5")),
        ("6 / 3", 2),
        ("1 / 3", Decimal("0.3333333333333333333333333333333333")),
        ("7 % 3", 1),
        ("-7 % 3", -1),
        ("-7.5 % 2", Decimal("-1.5")),
        ("7 % -3", 1),
        ("0.1 + 0.2", Decimal("0.3")),
        ("-a", -3),
        ("-(a)", -3),
        ("--a", 3),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("-a * b", -6),
        ("a > b && b > 1", True),
        ("missing + 1", None),
        ("1 - missing", None),
        ("missing / 1", None),
        ("1 % missing", None),
        ("-missing", None),
        ("12345678901234567890 * 12345678901234567890", 12345678901234567890**2),
        ("f + 1", Decimal("1.5")),
        ("a ? 'yes' : 'no'", "yes"),
        ("missing ? 'yes' : 'no'", "no"),
        ("zero ? 'yes' : 'no'", "yes"),
        ("no ? 1 : missing ? 2 : 3", 3),
        ("missing ?? 'x'", "x"),
        ("no ?? 'x'", False),
        ("no || 'x'", "x"),
        ("empty || 'x'", "x"),
        ("zero || 'x'", 0),
        ("zero && 'x'", "x"),
        ("empty ?? 'x'", ""),
        ("missing ?? missing ?? 'x'", "x"),
        ("missing ?? items[0].n", 1),
        ("let $x = a in $x + $x", 6),
        ("let $x = a, $y = b in $x * $y", 6),
        ("let $x = a in let $x = b in $x", 2),
        ("(let $x = b in $x) + (let $x = a in $x)", 5),
        ("let $k = b in items[?n == $k].n", [2]),
        ("items[*].{n: n, all: $.a}", [{"n": 1, "all": 3}, {"n": 2, "all": 3}]),
        ("items[?n > $.items[0].n].n", [2]),
        ("items[*].n | [0]", 1),
        ("$.a", 3),
        ("$", {"is": "root"}),
        ("items | $.a", 3),
        ("$meta.topic", "plant7/line1"),
        ("$vars.nothing", None),
        ("items[*].[$plant.timezone]", [["Europe/Berlin"], ["Europe/Berlin"]]),
        ("now()", "2026-10-05T14:23:11+00:00"),
        ("[now(), now()] | [0] == [1]", True),
        ("'abc'.x", None),
        ("'abc'[0]", None),
        ("'abc'[*]", None),
        ("`null`.[a]", None),
        ("a == '3'", False),
        ("a == 3.0", True),
        ("no == `0`", False),
        ("items == items", True),
        ("a != missing", True),
        ("missing == `null`", True),
        ('items[0] == `{"n": 1}`', True),
        ("`1.5` > a", False),
        ("a >= 3", True),
        ("'b' > 'a'", True),
        ("'b' > a", None),
        ("text > 1", None),
        ("[a > 1, !a]", [True, False]),
        ('[`[1, 2.5, {"a": null}]`]', [[1, Decimal("2.5"), {"a": None}]]),
        ("!(a == 3)", False),
        ("sum(items[*].n) + 1", 4),
        ("items[*].n.to_string(@)", ["1", "2"]),
        ("items[::-1].n", [2, 1]),
        ("items[-1].n", 2),
        ("items[5]", None),
        ("[items[0], $.items[0]] | [0] == [1]", True),
        ("items[*].[$meta.topic, $meta.topic][0][]", ["plant7/line1", "plant7/line1"]),
        ("1 ? 2 : 3", 2),
        ("1 || 2", 1),
        ("'x' ?? 2", "x"),
        ("`NaN`", "NaN"),
        ("`true` == 'x'", False),
        ("'x' == `null`", False),
        ("decimal('1 2', group=' ')", 12),
        ("[items, items][].n", [1, 2, 1, 2]),
    ],
)
def test_what_expressions_give(text: str, value: object) -> None:
    record = {
        "a": 3,
        "b": 2,
        "f": 0.5,
        "zero": 0,
        "no": False,
        "empty": "",
        "text": "x",
        "items": [{"n": 1}, {"n": 2}],
    }
    result = evaluate(text, record)
    wanted = record if value == {"is": "root"} else value
    assert equal(result, wanted), result


def test_numbers_are_never_floats() -> None:
    for text in ("1 / 4", "0.5 + 1", "f * 2", "avg([1, 2])", "sum([0.5])", "to_number('0.1')", "f + f", "-f", "abs(f)"):
        assert isinstance(evaluate(text, {"f": 0.25}), int | Decimal)


def test_a_result_can_be_changed_without_changing_the_next_one() -> None:
    compiled = compile_expression("a || `[]`")
    first = compiled({})
    assert isinstance(first, list)
    first.append(1)
    assert compiled({}) == []


def test_a_scope_may_be_any_mapping_and_may_lack_parts() -> None:
    compiled = compile_expression("$meta.topic")
    assert compiled({}, {"meta": MappingProxyType({"topic": "t"})}) == "t"
    assert compiled({}) is None


@pytest.mark.parametrize(
    ("text", "kind", "fact", "cure"),
    [
        ("a + 'x'", "invalid-type", "the text 'x'", "join"),
        ("a - 'x'", "invalid-type", "the text 'x'", "decimal(…)"),
        ("a * items", "invalid-type", "of type array", ""),
        ("a / 0", "invalid-value", "division by zero", "null"),
        ("a % 0", "invalid-value", "division by zero", "null"),
        ("$nowhere", "undefined-variable", "no variable `$nowhere`", "$meta"),
        ("$plan.timezone", "undefined-variable", "no variable `$plan`", "did you mean '$plant'?"),
        ("let $x = 1 in $y", "undefined-variable", "`$y`", "known are"),
        ("trimm(a)", "unknown-function", "no function `trimm`", "did you mean 'trim'?"),
        ("trim()", "invalid-arity", "does not take 0 arguments", "write trim(text)"),
        ("trim(a, b)", "invalid-arity", "does not take 2 arguments", "write trim(text)"),
        ("not_null()", "invalid-arity", "does not take 0", "not_null(value, …)"),
        ("round(a, digit=1)", "invalid-arity", "no parameter `digit`", "did you mean 'digits'?"),
        ("round(a, x=1)", "invalid-arity", "no parameter `x`", "write `==`"),
        ("round(a, value=1)", "invalid-arity", "two arguments for `value`", ""),
        ("round(digits=1, a)", "invalid-arity", "without a name stand before", ""),
        ("map(a, b)", "invalid-type", "`expression` of map() is an expression", "write `&`"),
        ("abs(&a)", "invalid-type", "is a value", "remove the `&`"),
        ('code("shifts", a)', "invalid-type", "is a text in single quotes", "write 'shifts'"),
        ("code(a, b)", "invalid-type", "is a text in single quotes", "a field cannot stand here"),
        ("code('shift', a)", "invalid-value", "no code list 'shift'", "did you mean 'shifts'?"),
        ("code('nothing', a)", "invalid-value", "no code list 'nothing'", "known are shifts, units"),
        ("a == 010", "syntax", "does not start with 0", "write 10"),
        ("join(',', items)", "invalid-type", "a list with other elements", ""),
        ("abs('x')", "invalid-type", "takes a number as `value`, and this is the text 'x'", "decimal(…)"),
        ("length(missing)", "invalid-type", "this is null", "?? other"),
        ("keys(items)", "invalid-type", "an object as `object`, and this is a list", ""),
        ("map(&a, text)", "invalid-type", "a list as `items`", "as_array"),
    ],
)
def test_errors_name_fact_and_cure(text: str, kind: str, fact: str, cure: str) -> None:
    error = refused(text, {"a": 3, "b": 2, "items": [{}], "text": "x"})
    assert error.kind == kind
    assert fact in error.text
    assert cure in error.cure


def test_the_first_fault_from_the_left_is_raised() -> None:
    error = refused("foo(1) + bar(2)")
    assert (error.offset, error.length) == (0, 3)


@pytest.mark.parametrize(
    ("text", "offset", "length"),
    [
        ("a + int(b)", 8, 1),
        ("a + int( b.c )", 9, 3),
        ("a + 1 + 'x'", 0, 11),
        ("items[*].int(x)", 13, 1),
        ("map(&int(x), items)", 9, 1),
        ("join('-', a)", 10, 1),
        ("required(missing)", 9, 7),
        ("now() && (1 / 0)", 9, 7),
        ("round(1, digits=b)", 16, 1),
    ],
)
def test_errors_while_running_point_at_the_argument(text: str, offset: int, length: int) -> None:
    record = {"a": 1, "b": "x", "items": [{"x": "1"}, {"x": "y"}]}
    if "b.c" in text:
        record["b"] = {"c": "x"}
    error = refused(text, record)
    assert text[error.offset : error.offset + error.length] == text[offset : offset + length]


def test_places_are_those_of_the_file() -> None:
    place = Place("routes/a.yaml", 14, 9, 10)
    with pytest.raises(ExpressionError) as caught:
        compile_expression("a + int(b)", place=place)({"a": 1, "b": "x"})
    assert caught.value.place == Place("routes/a.yaml", 14, 17, 1)
    with pytest.raises(ExpressionError) as caught:
        compile_expression("a + foo(b)", place=place)
    assert caught.value.place == Place("routes/a.yaml", 14, 13, 3)


def test_places_in_texts_of_several_lines() -> None:
    block = "a +\nint(b)\n"
    with pytest.raises(ExpressionError) as caught:
        compile_expression(block, place=Place("a.yaml", 3, 5, 3))({"a": 1, "b": "x"})
    assert caught.value.place == Place("a.yaml", 4, 9, 1)
    folded = "a + int(b)"
    with pytest.raises(ExpressionError) as caught:
        compile_expression(folded, place=Place("a.yaml", 3, 5, 3))({"a": 1, "b": "x"})
    assert caught.value.place == Place("a.yaml", 3, 5, 3)


def test_functions_of_python_are_out_of_reach() -> None:
    compiled = compile_expression("items[?n > 1].n | sort(@)")
    run = compiled._run
    assert run.__globals__["__builtins__"] == {}
    assert set(run.__globals__) == {"__builtins__"}
    assert evaluate('"__class__"', {"a": 1}) is None
    assert evaluate('"__class__".mro', {"a": 1}) is None


def test_python_allows_fewer_loops_inside_each_other_than_expressions_have() -> None:
    record: object = 1
    for _ in range(30):
        record = [record]
    assert evaluate("[*]" * 30, record) == record
    text = "@"
    for _ in range(25):
        text = f"map(&{text}, @)"
    nested: object = 1
    for _ in range(25):
        nested = [nested]
    assert evaluate(text, nested) == nested


def test_deep_values_end_in_an_error() -> None:
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    error = refused("a == b", {"a": deep, "b": [deep]})
    assert error.kind == "budget"


def test_a_compiled_expression_shows_its_text() -> None:
    compiled = compile_expression("a.b", environment=Environment())
    assert isinstance(compiled, Compiled)
    assert repr(compiled) == "Compiled('a.b')"


def test_truth_and_kinds() -> None:
    false: list[object] = [None, False, "", [], {}]
    true: list[object] = [True, 0, "x", [0], {"a": 1}, Decimal(0)]
    assert not any(map(is_true, false))
    assert all(map(is_true, true))
    assert kind_of(print) == "expression"


def test_now_needs_a_time() -> None:
    with pytest.raises(ExpressionError, match="there is no time here"):
        compile_expression("now()")({})
