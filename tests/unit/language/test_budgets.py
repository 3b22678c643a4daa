"""Bad input: no expression hangs the daemon or takes its memory."""

from __future__ import annotations

import time

import pytest

from tests.unit.language.evaluating import evaluate, refused
from tundish.language import compile_expression
from tundish.language.budgets import TEXT_CHARACTERS

BOMB = " | ".join(["[@,@]"] * 24)

MANY = {"items": [{"n": number, "t": "x" * 100} for number in range(2000)], "text": "a" * 500_000}


def test_the_bomb_is_refused_before_it_runs() -> None:
    assert len(BOMB) < 200
    with pytest.raises(Exception, match="can repeat its input 8192 times") as caught:
        compile_expression(BOMB)
    assert caught.value.kind == "budget"  # type: ignore[attr-defined]  # an ExpressionError


@pytest.mark.parametrize(
    "text",
    [
        " | ".join(["{a: @, b: @}"] * 13),
        "let $a = [@,@,@,@], $b = [@,@,@,@] in " + " | ".join(["[$a,$b,@,@,@,@,@,@]"] * 6),
        " | ".join(["[@,@][].[@,@]"] * 12),
        " | ".join(["merge({a: @}, {b: @}, {c: @}, {d: @})"] * 8),
        " | ".join(["map(&[@,@,@,@], [@,@])"] * 6),
        " | ".join(["(a ? [@,@,@,@] : [@,@]) || @"] * 8),
        " | ".join(["[@,@].[@] ?? @"] * 14),
    ],
)
def test_growth_is_seen_through_every_construct(text: str) -> None:
    assert "can repeat its input" in refused(text).text


@pytest.mark.parametrize(
    "text",
    [
        "items[*].[n, t, n + 1, t == 'x', !n, -n, n > 1 && t]",
        "let $first = items[0] in items[*].{n: n, first: $first.n}",
        "[a, b, c] | [0] | {a: @, b: @}",
        "length([@,@]) + length([@,@]) | [@] | [@]",
    ],
)
def test_honest_expressions_pass(text: str) -> None:
    evaluate(text, {"items": [{"n": 1, "t": "x"}]})


def test_growth_that_passes_is_counted_while_running() -> None:
    text = " | ".join(["[@,@]"] * 12)
    assert evaluate(text, {"a": 1})
    error = refused(text, {"a": list(range(2000))})
    assert error.kind == "budget"
    assert "more than 1000000 nodes" in error.text


@pytest.mark.parametrize(
    "text",
    [
        "items[*].{all: $.items}",
        "items[?contains($.items, @)]",
        "let $all = items in items[*].[$all[?n == 1]]",
        "items[*].[$.items[?n == 1]]",
        "map(&length($.items[?t == 'y']), items)",
        "items[*].contains($.text, 'b')",
        "let $i = items in sort_by(items, &length($i[*].t | join('', @)))",
        "items[*].[let $j = $.items in $j]",
    ],
)
def test_loops_that_look_at_outer_values_end(text: str) -> None:
    start = time.monotonic()
    error = refused(text, MANY)
    assert error.kind == "budget"
    assert "loops of this expression" in error.text
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "text",
    [
        f"pad_left('', {TEXT_CHARACTERS + 1})",
        "replace(text, 'a', 'aaaa')",
        "join(text, ['a', 'b', 'c', 'd'])",
        "join(text, items[*].t)",
        "join('', [text, text, text])",
        "to_string([text, text, text])",
        "match(to_string([text, text, text]), 'a')",
        "sha256([text, text, text])",
        "match(long, 'a')",
        "extract(long, 'a')",
        "match('a', 'LONG')",
    ],
)
def test_texts_do_not_grow_without_end(text: str) -> None:
    record = {**MANY, "long": "a" * (TEXT_CHARACTERS + 1)}
    error = refused(text.replace("LONG", "x" * 1001), record)
    assert error.kind in {"budget", "invalid-value"}


def test_numbers_do_not_grow_without_end() -> None:
    for start in ("7", "7.7"):
        error = refused(f"{start} | " + " | ".join(["@ * @"] * 20))
        assert error.kind == "budget"
    assert refused("1e150 / 1e-150").kind == "budget"
    assert refused("1e150 % 1e-150").kind == "budget"
    assert refused("1e150 * 1e150").kind == "budget"


def test_patterns_take_linear_time() -> None:
    start = time.monotonic()
    assert evaluate("match(text, '(a+)+b')", MANY) is False
    assert evaluate("match(text, '(a|aa)*b')", MANY) is False
    assert evaluate("match(text, 'a*a*a*a*a*b')", MANY) is False
    assert time.monotonic() - start < 5
