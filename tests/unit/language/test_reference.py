"""Random expressions give what the reference implementation gives."""

from __future__ import annotations

import json
import re
from typing import Any

import jmespath
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from tundish.errors import ExpressionError
from tundish.language import Dialect, compile_expression
from tundish.language.evaluation.values import equal

NAMES = ("a", "b", "c")

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "x", "y"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    max_leaves=12,
)

STARTS = st.one_of(
    st.sampled_from(["@", *NAMES, "*", "[*]", "[]", "[0]", "[-1]", "[1:]", "[::-1]", "`null`", "`[]`", "`{}`", "'x'"]),
    VALUES.map(lambda value: "`" + json.dumps(value) + "`"),
)
STEPS = st.sampled_from([".a", ".b", ".*", "[*]", "[]", "[0]", "[-1]", "[:2]", "[?a]", "[?@ == 'x']"])
ENDS = st.sampled_from(["", "", ".[a, b]", ".{a: b}"])
TWO_STEPS_BEHIND_VALUES = re.compile(r"\.\*\.[a-z]\.")
CHAINS = st.builds(
    lambda head, steps, end: head + "".join(steps) + end, STARTS, st.lists(STEPS, max_size=4), ENDS
).filter(lambda text: TWO_STEPS_BEHIND_VALUES.search(text) is None)
"""`.[…]` and `.{…}` end a chain: directly behind a projection, jmespath.py ends the projection with them, while the
specification projects everything to the right. It does the same with the second step of `x.*.a.b`."""


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Larger expressions of smaller ones. `!` stands before parentheses: jmespath.py reads `!a.b` as `(!a).b`."""
    pairs = st.tuples(inner, inner)
    return st.one_of(
        st.builds(
            "({0[0]}) {1} ({0[1]})".format, pairs, st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "&&", "||"])
        ),
        pairs.map("{0[0]} | {0[1]}".format),
        inner.map("!({})".format),
        pairs.map("[{0[0]}, {0[1]}]".format),
        pairs.map("{{a: {0[0]}, b: {0[1]}}}".format),
        pairs.map("({0[0]})[?{0[1]}]".format),
        inner.map("length({})".format),
        inner.map("sort({})".format),
        inner.map("type({})".format),
        inner.map("to_array({})".format),
        inner.map("keys({})".format),
        pairs.map("not_null({0[0]}, {0[1]})".format),
        pairs.map("contains({0[0]}, {0[1]})".format),
        pairs.map("map(&({0[0]}), {0[1]})".format),
        pairs.map("sort_by({0[0]}, &({0[1]}))".format),
        pairs.map("max_by({0[0]}, &({0[1]}))".format),
        inner.map("sum({})".format),
        inner.map("max({})".format),
        inner.map("reverse({})".format),
    )


EXPRESSIONS = st.recursive(CHAINS, combined, max_leaves=6)


def reference(expression: str, given: Any) -> Any:
    """What jmespath.py gives; errors are told from results, and one error is as good as another."""
    try:
        return "result", jmespath.search(expression, given)
    except (JMESPathError, TypeError, AttributeError):
        # jmespath.py lets Python's own errors through where it looks at values that it cannot compare or measure.
        return "error", None


def ours(expression: str, given: Any, dialect: Dialect) -> Any:
    """What we give."""
    try:
        return "result", compile_expression(expression, dialect=dialect)(given)
    except ExpressionError:
        return "error", None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EXPRESSIONS, VALUES)
def test_results_are_those_of_the_reference(expression: str, value: Any) -> None:
    wanted = reference(expression, value)
    for dialect in ("jmespath", "tundish"):
        got = ours(expression, value, dialect)
        assert got[0] == wanted[0]
        assert equal(got[1], wanted[1])
