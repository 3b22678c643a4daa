"""The promises of all functions, found in the registry, and what each refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.language.evaluating import evaluate, refused
from tundish.errors import ExpressionError
from tundish.language import Function, compile_expression, functions
from tundish.language.evaluation.values import equal
from tundish.language.functions.declaration import FUNCTIONS

JMESPATH = {
    "abs", "avg", "ceil", "contains", "ends_with", "floor", "join", "keys", "length", "map", "max", "max_by", "merge",
    "min", "min_by", "not_null", "reverse", "sort", "sort_by", "starts_with", "sum", "to_array", "to_number",
    "to_string", "type", "values",
}  # fmt: skip
"""The functions of the JMESPath specification, whose errors the official cases hold."""


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_every_example_is_true(function: Function) -> None:
    assert function.examples, "a function without an example is not documented"
    for text, result in function.examples:
        assert equal(evaluate(text), evaluate(result)), text


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_every_function_is_described(function: Function) -> None:
    assert function.description.endswith(".")
    assert all(parameter.description.endswith(".") for parameter in function.parameters)
    optional = [parameter.optional for parameter in function.parameters]
    assert optional == sorted(optional), "optional parameters stand at the end"


def test_all_functions_of_jmespath_are_there() -> None:
    assert FUNCTIONS.keys() >= JMESPATH


@pytest.mark.parametrize(
    "function",
    [function for function in functions() if any(parameter.main for parameter in function.parameters)],
    ids=lambda function: function.name,
)
def test_null_in_gives_null_out(function: Function) -> None:
    sample = {"string": "'E'", "number": "1", "array": "`[]`", "object": "`{}`", "expression": "&a", "any": "1"}
    special = {
        "list": "'shifts'",
        "pattern": "'yyyy'",
        "zone": "'UTC'",
        "unit": "'KGM'",
        "to": "'KGM'",
        "duration": "'P1D'",
    }
    for nothing in (parameter for parameter in function.parameters if parameter.main):
        arguments = [
            "missing" if parameter is nothing else special.get(parameter.name) or sample[parameter.accepts[0]]
            for parameter in function.parameters
            if not parameter.optional
        ]
        assert evaluate(f"{function.name}({', '.join(arguments)})", {}) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("int(' 12 ')", 12),
        ("int('12.0')", 12),
        ("int('-7')", -7),
        ("int(7)", 7),
        ("int(7.0)", 7),
        ("decimal('٣')", Decimal(3)),
        ("decimal(' 1.5 ')", Decimal("1.5")),
        ("decimal('1e3')", Decimal(1000)),
        ("decimal(5)", Decimal(5)),
        ("decimal('1 250,5', comma=',', group=' ')", Decimal("1250.5")),
        ("decimal('1.5', comma='.')", Decimal("1.5")),
        ("round(1.005, 2)", Decimal("1.01")),
        ("round(-2.5)", -3),
        ("round(2.5, mode='down')", 2),
        ("round(1.5, digits=0)", 2),
        ("ceil(1.2)", 2),
        ("floor(-1.2)", -2),
        ("abs(-12345678901234567890123456789.5)", Decimal("12345678901234567890123456789.5")),
        ("sum(`[1, 2]`)", 3),
        ("sum([0.1, 0.2])", Decimal("0.3")),
        ("sum_by(items, &qty)", Decimal("3.5")),
        ("sum([f, f])", 1),
        ("avg([1, 2])", Decimal("1.5")),
        ("to_number('007')", None),
        ("to_number('1e2')", 100),
        ("to_number('-5')", -5),
        ("to_number('1e999')", None),
        ("to_number('nan')", None),
        ("to_number(items)", None),
        ("to_number(5)", 5),
        ("to_string(1.50)", "1.50"),
        ("to_string(`1e2`)", "100"),
        ('to_string(`{"a": [true, null, "x"]}`)', '{"a":[true,null,"x"]}'),
        ("pad_left('12345', 3, '0')", "12345"),
        ("pad_right('a', 3)", "a  "),
        ("strip_left('', '0')", ""),
        ("strip_left('xxa', c)", "a"),
        ("replace('aXbX', 'X', '--')", "a--b--"),
        ("replace('aX', 'X', '')", "a"),
        ("split('a,b', ',')[1]", "b"),
        ("contains(items[*].id, 'a')", True),
        ("contains('abc', `1`)", False),
        ("reverse([1, 2])", [2, 1]),
        ('distinct(`[1, 1.0, true, "1", [1], [1.0], {"a": 1}, {"a": 1.0}]`)', [1, True, "1", [1], {"a": 1}]),
        ("distinct([f, 0.5])", [Decimal("0.5")]),
        (
            "group_by(items, &n)",
            {"1": [{"id": "a", "n": 1, "qty": 1}], "2": [{"id": "b", "n": 2, "qty": Decimal("2.5")}]},
        ),
        ("index_by(items, &id).b.n", 2),
        ('items(`{"a": 1}`)', [["a", 1]]),
        ("zip([1, 2], ['a'])", [[1, "a"]]),
        ("max_by(items, &n).id", "b"),
        ("min_by(items, &id).id", "a"),
        ("max_by(`[]`, &n)", None),
        ("min_by(`[]`, &n)", None),
        ("max(`[]`)", None),
        ("sort_by(items, &qty)[*].id", ["a", "b"]),
        ("sort([3, 1])", [1, 3]),
        ("as_array('x')", ["x"]),
        ("as_array(missing)", []),
        ("required('x')", "x"),
        ("not_null(missing, missing)", None),
        ("type(items)", "array"),
        ("uuid5('mes', 17) == uuid5('mes', '17')", True),
        ("uuid5(c, 'x') == uuid5('x', 'x')", True),
        ('sha256(`{"b": 1, "a": [2.50]}`) == sha256(`{"a": [2.50], "b": 1}`)', True),
        ("sha256(missing)", None),
        ("match('x', 'a|x')", True),
        ("match(missing, 'a')", None),
        ("extract('order 7', '[a-z]+')", "order"),
        ("extract('order 7', '([a-z]+) ([0-9])', 2)", "7"),
        ("code('shifts', 1)", "first"),
        ("lookup('shifts', 1)", "first"),
        ("lookup('shifts', 1.5, 'none')", "none"),
        ("lookup('shifts', missing)", None),
    ],
)
def test_what_functions_give(text: str, value: object) -> None:
    record = {
        "items": [{"id": "a", "n": 1, "qty": 1}, {"id": "b", "n": 2, "qty": Decimal("2.5")}],
        "c": "x",
        "f": 0.5,
    }
    assert equal(evaluate(text, record), value)


@pytest.mark.parametrize(
    ("text", "kind", "fact", "cure"),
    [
        ("int('12.5')", "invalid-value", "12.5 is no whole number", "round"),
        ("int('x')", "invalid-value", "'x' is no whole number", ""),
        ("int('')", "invalid-value", "'' is no whole number", "value || null"),
        ("int(`true`)", "invalid-type", "a text or a number", ""),
        ("decimal('1,5')", "invalid-value", "'1,5' is no number", "comma=','"),
        ("decimal('1.5', comma=',')", "invalid-value", "'1.5' is no number", ""),
        ("decimal('NaN')", "invalid-value", "'NaN' is no number", ""),
        ("decimal('Infinity')", "invalid-value", "'Infinity' is no number", ""),
        ("decimal('1_000')", "invalid-value", "'1_000' is no number", ""),
        ("decimal('1e999')", "budget", "more than 200 digits", ""),
        ("sum([9, 1e200, 1e-150])", "budget", "more than 200 digits", "round"),
        ("round(1e150, 100)", "budget", "more than 200 digits", ""),
        ("round(1, 1.5)", "invalid-value", "1.5 is no number of digits", ""),
        ("round(1, 999)", "invalid-value", "999 is no number of digits", ""),
        ("round(1, mode='halfup')", "invalid-value", "no way of rounding called 'halfup'", "did you mean 'half-up'?"),
        ("round(1, mode='xyz')", "invalid-value", "'xyz'", "one of half-up"),
        ("split('a', '')", "invalid-value", "separator is empty", ""),
        ("replace('a', '', 'b')", "invalid-value", "text to replace is empty", ""),
        ("pad_left('a', 3, 'ab')", "invalid-value", "exactly one character", ""),
        ("pad_left('a', -1)", "invalid-value", "-1 is no width", ""),
        ("pad_left('a', 1.5)", "invalid-value", "1.5 is no width", ""),
        ("strip_left('a', 'ab')", "invalid-value", "one character", ""),
        ("strip_left('a', two)", "invalid-value", "one character", ""),
        ("group_by(items, &missing)", "invalid-type", "a text or a number of each element", ""),
        ("index_by([items[0], items[0]], &id)", "invalid-value", "two elements have 'a'", "group_by"),
        ("sum_by(items, &id)", "invalid-type", "a number of each element", "decimal"),
        ("sort_by(items, &@)", "invalid-type", "gets object", ""),
        ("required(missing, 'an order is needed')", "invalid-value", "an order is needed", ""),
        ("required('')", "invalid-value", "a required value is absent", ""),
        ("match('a', '(?=x)')", "invalid-value", "this is no pattern", "look-around"),
        ("match('a', '(a)\\1')", "invalid-value", "this is no pattern", "back-references"),
        ("match('a', 'a{2000}')", "invalid-value", "this is no pattern", "at most 1000"),
        ("match('a', '(')", "invalid-value", "this is no pattern: missing )", ""),
        ("match('a', `1`)", "invalid-type", "a text in single quotes", ""),
        ("extract('a', '(a)', 2)", "invalid-value", "no group 2", "it has 1"),
        ("code('shifts', 'e')", "invalid-value", "'e' is not in the code list 'shifts'", "did you mean 'E'?"),
        ("code('shifts', 'xyz')", "invalid-value", "'xyz' is not in the code list 'shifts'", "add it"),
        ("code('shifts', 99)", "invalid-value", "'99' is not in the code list", ""),
        ("code('shifts', items)", "invalid-type", "a text or a number", ""),
        ("code(`1`, 'E')", "invalid-value", "no code list '1'", ""),
    ],
)
def test_what_functions_refuse(text: str, kind: str, fact: str, cure: str) -> None:
    error = refused(text, {"items": [{"id": "a"}, {"id": "b"}], "two": "ab"})
    assert error.kind == kind
    assert fact in error.text
    assert cure in error.cure


def test_without_code_lists_the_cure_says_so() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("code('x', a)")
    assert caught.value.cure == "the project has none"
