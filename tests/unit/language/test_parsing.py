"""What a text becomes, and what is said about a text that is no expression."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tundish.errors import ExpressionError
from tundish.language import Dialect, parse
from tundish.language.budgets import EXPRESSION_CHARACTERS, EXPRESSION_DEPTH
from tundish.language.syntax import nodes


def refused(text: str, dialect: Dialect = "tundish") -> ExpressionError:
    """The error of a text that cannot be parsed."""
    with pytest.raises(ExpressionError) as caught:
        parse(text, dialect=dialect)
    return caught.value


def test_nodes_that_mean_the_same_are_equal_wherever_they_stand() -> None:
    left = parse("[a.b, a.b]")
    assert isinstance(left, nodes.ListOf)
    assert left.items[0] == left.items[1]
    assert left.items[0].span != left.items[1].span
    assert parse("`1`") != parse("`true`")
    assert parse("`1`") != parse("`1.0`")


def test_spans_say_where_a_node_stands() -> None:
    tree = parse("  round( a.b , 2 )")
    assert isinstance(tree, nodes.Call)
    assert tree.span == (2, 16)
    assert tree.name_span == (2, 5)
    assert tree.arguments[0].span == (9, 3)
    assert parse("a[?b == 'x'].c").span == (0, 12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1", -1),
        ("- 1", -1),
        ("1.50", Decimal("1.50")),
        ("-1.5", Decimal("-1.5")),
        ("2e3", Decimal("2e3")),
        ("`1.10`", Decimal("1.10")),
        ("'it\\'s'", "it's"),
        ("`foo`", "foo"),
        ('`"a\\`b"`', "a`b"),
        ("`[1, {}]`", [1, {}]),
    ],
)
def test_literals_are_exact(text: str, value: object) -> None:
    tree = parse(text)
    assert isinstance(tree, nodes.Literal)
    assert repr(tree.value) == repr(value)


def test_brackets_hold_an_index_only_where_one_bare_number_stands_in_them() -> None:
    assert isinstance(parse("[1]"), nodes.Index)
    assert isinstance(parse("[-1]"), nodes.Index)
    assert isinstance(parse("[(1)]"), nodes.ListOf)
    assert isinstance(parse("[- 1]"), nodes.ListOf)
    assert isinstance(parse("[--1]"), nodes.ListOf)
    assert isinstance(parse("[1, 2]"), nodes.ListOf)
    assert isinstance(parse("[1.5]"), nodes.ListOf)
    assert isinstance(parse("[*]"), nodes.Projection)
    assert isinstance(parse("[*, a]"), nodes.ListOf)
    assert isinstance(parse("[a ? b : c]"), nodes.ListOf)


def test_words_of_the_language_are_still_names() -> None:
    assert parse("let.in") == nodes.Field(
        nodes.Field(nodes.Current(nodes.Span(0, 0)), "let", nodes.Span(0, 0)), "in", nodes.Span(0, 0)
    )
    assert isinstance(parse("let $in = in in $in"), nodes.Let)


@pytest.mark.parametrize(
    ("text", "offset", "length", "fact", "cure"),
    [
        ("status = 'x'", 7, 1, "`=` stands where an operator or the end is expected", "compare with `==`"),
        ("a and b", 2, 3, "`and` stands where an operator", "write `&&`"),
        ("a OR b", 2, 2, "`OR` stands", "write `||`"),
        ("not a", 4, 1, "`a` stands", "write `!`"),
        ("a <> b", 3, 1, "`>` stands where a value is expected", "write `!=`"),
        ("a === b", 4, 1, "`=` stands where a value", "compare with `==`"),
        ("if a then b", 3, 1, "`a` stands", "condition ? value"),
        ("{{ a }}", 1, 1, "`{` stands where a name is expected", "leave out the braces"),
        ("a – b", 2, 1, "`–` stands", "this is a dash"),
        ("'x' \"y\"", 4, 3, '`"y"` stands', "single quotes"),
        ("a && (b", 5, 1, "this bracket is never closed", "add its `)`"),
        ("items[?a == 1", 5, 1, "this bracket is never closed", "add its `]`"),
        ("{a: b", 0, 1, "this bracket is never closed", "add its `}`"),
        ("x == 'abc", 5, 1, "this quote is never closed", "add its `'`"),
        ('x == "abc', 5, 1, "this quote is never closed", 'add its `"`'),
        ("a)", 1, 1, "`)` stands where an operator or the end", "no `(` is open"),
        ("a +", 3, 1, "the end stands where a value is expected", ""),
        ("", 0, 1, "nothing stands where a value is expected", ""),
        ("a.", 2, 1, "the end stands where a name is expected", ""),
        ("f(a,)", 4, 1, "`)` stands where a value is expected", ""),
        ("f(a b)", 4, 1, "`b` stands where an operator or `)` or `,` is expected", ""),
        ("[1.5:]", 1, 3, "made of whole numbers", "filter"),
        ("a[1.5]", 1, 5, "brackets behind a value hold", "value.name"),
        ("a[b:]", 2, 1, "made of whole numbers", "filter"),
        ("a[x]", 1, 3, "brackets behind a value hold", "value.name"),
        ("a.[0]", 2, 3, "without a dot", "remove the `.`"),
        ("a[::0]", 1, 5, "never 0", "write 1"),
        ('`"\\x"`', 0, 6, "no JSON value", "'text'"),
        ('"a\\x"', 0, 5, "an escape that JSON does not know", "\\uXXXX"),
        ("01.5", 0, 4, "no number", "'0815'"),
        ("a # b", 2, 1, "`#` stands", "outside"),
    ],
)
def test_errors_say_what_was_found_and_what_is_meant(text: str, offset: int, length: int, fact: str, cure: str) -> None:
    error = refused(text)
    assert error.kind == ("invalid-value" if "::0" in text else "syntax")
    assert (error.offset, error.length) == (offset, length)
    assert fact in error.text
    assert cure in error.cure


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("$", "`$`"),
        ("$x", "variables"),
        ("let $x = a in b", "variables"),
        ("a + b", "arithmetic"),
        ("-a", "arithmetic"),
        ("a ? b : c", "`? :`"),
        ("a ?? b", "`??`"),
        ("a == 1", "number literals"),
        ("round(a, digits=b)", "named arguments"),
        ("foo.[1, 2]", "number literals"),
    ],
)
def test_the_official_dialect_refuses_what_was_added(text: str, what: str) -> None:
    parse(text)
    error = refused(text, "jmespath")
    assert error.kind == "syntax"
    assert what in error.text


def test_long_and_deep_expressions_are_refused() -> None:
    assert refused("a" * (EXPRESSION_CHARACTERS + 1)).kind == "budget"
    parse(".".join("a" * (EXPRESSION_DEPTH - 2)))
    assert refused(".".join("a" * (EXPRESSION_DEPTH + 2))).kind == "budget"
    assert refused("(" * 400 + "!" * 400 + "a" + ")" * 400).kind == "budget"


@pytest.mark.parametrize("text", ["1" * 300, "1e999", "`1e999`", f"`{'1' * 300}`", "`[1e-999]`"])
def test_numbers_beyond_the_limit_are_refused(text: str) -> None:
    assert "number" in refused(text).text
