"""Templates: what they put in, and what they refuse."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from tundish.errors import ExpressionError, Invalid
from tundish.language import Template
from tundish.language.budgets import TEMPLATE_CHARACTERS
from tundish.model import Settings


class Naming(Settings):
    """Settings with a template."""

    name: Template


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ order }}-{{ id }}.json", "4711-9.json"),
        ("plain", "plain"),
        ("{{ quantity }}", "100"),
        ("{{ rate }} {{ yes }}", "0.5 true"),
        ("{{ list }}", '[1,{"a":null}]'),
        ("{{ deep.items }} {{ deep['items'] }} {{ list[0] }}", "3 3 1"),
        ("{{ missing|default('none') }} {{ nothing|default('none') }} {{ id|default('none') }}", "none none 9"),
        ("{{ order|pad_left(8, '0') }} {{ id|pad_left(3) }}", "00004711   9"),
        ("{{ text|upper }} {{ text|lower }} {{ '  a '|trim }}", "A/B A&C a/b a&c a"),
        ("{{ text|replace('/', '-') }}", "a-b A&C"),
        ("{{ text|url }}", "a%2Fb%20A%26C"),
        ("{{ text|xml }}", "a/b A&amp;C"),
        ("{{ list|json }}", '[1,{"a":null}]'),
        ("{% if yes and not missing is defined %}x{% else %}y{% endif %}", "x"),
        ("{% for n in numbers %}{{ n }},{% endfor %}", "1,2,"),
        ("{{ order ~ '-' ~ id }} {{ 'a' if id == 9 else 'b' }}", "4711-9 a"),
        ("{{ inject }}", "{{ 7 * 7 }}"),
        ("a\n", "a\n"),
    ],
)
def test_what_templates_give(text: str, result: str) -> None:
    scope = {
        "order": "4711",
        "id": 9,
        "quantity": Decimal("1E+2"),
        "rate": 0.5,
        "yes": True,
        "list": [1, {"a": None}],
        "deep": {"items": 3},
        "nothing": None,
        "text": "a/b A&C",
        "numbers": [1, 2],
        "inject": "{{ 7 * 7 }}",
    }
    assert Template(text).render(scope) == result


@pytest.mark.parametrize(
    ("text", "fact", "cure"),
    [
        ("{{ a", "unexpected end of template", ""),
        ("ok\n{{ a b }}", "expected token 'end of print statement', got 'b' (line 2)", ""),
        ("{{ a() }}", "a template has no 'call'", ""),
        ("{{ a.b.format(c) }}", "a template has no 'call'", ""),
        ("{{ 'a' * 1000000000 }}", "a template has no 'mul'", ""),
        ("{{ '%999999999d' % 1 }}", "a template has no 'mod'", ""),
        ("{{ 9 ** 9 ** 9 }}", "a template has no 'pow'", ""),
        ("{% set x = 1 %}", "a template has no 'assign'", ""),
        ("{% include 'x' %}", "a template has no 'include'", ""),
        ("{% macro f() %}{% endmacro %}", "a template has no 'macro'", ""),
        ("{{ a|lowr }}", "No filter named 'lowr'", "did you mean 'lower'?"),
        ("{{ a is odd }}", "No test named 'odd'", ""),
        ("{% for a in x %}" * 3 + "{% endfor %}" * 3, "at most 2 loops", ""),
        ("", "", ""),
    ],
)
def test_what_templates_refuse_when_read(text: str, fact: str, cure: str) -> None:
    if not text:
        assert Template(text).render({}) == ""
        return
    with pytest.raises(ExpressionError) as caught:
        Template(text)
    assert caught.value.kind == "syntax"
    assert fact in caught.value.text
    assert cure in caught.value.cure
    if "line 2" in fact:
        assert (caught.value.offset, caught.value.length) == (3, 9)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("{{ missing }}", "'missing' is undefined"),
        ("{{ order.missing }}", "has no attribute 'missing'"),
        ("{{ nothing }}", "the value is null"),
        ("{{ order.__class__ }}", "'__class__'"),
        ("{{ numbers[9] }}", "has no element 9"),
        ("{% for n in order %}{% for m in numbers %}{{ big }}{% endfor %}{% endfor %}", "more than 65536 characters"),
        ("{{ order|pad_left(99999999) }}", "is no width"),
        ("{{ order < 1 }}", "not supported"),
    ],
)
def test_what_templates_refuse_when_rendered(text: str, fact: str) -> None:
    scope = {"order": "4711", "nothing": None, "numbers": [1, 2], "big": "x" * 30_000}
    with pytest.raises(Invalid) as caught:
        Template(text).render(scope)
    assert fact in caught.value.text
    assert caught.value.faults


def test_a_caller_can_escape_what_is_put_in() -> None:
    def escape(text: str) -> str:
        if text == "bad":
            raise ValueError("not this one")
        return f"<{text}>"

    assert Template("/a/{{ id }}/{{ id|url }}").render({"id": "x"}, escape) == "/a/<x>/x"
    with pytest.raises(Invalid, match="not this one"):
        Template("{{ id }}").render({"id": "bad"}, escape)


def test_long_templates_are_refused() -> None:
    with pytest.raises(ExpressionError, match="more than 10000 characters"):
        Template("x" * 10_001)


def test_templates_are_settings() -> None:
    naming = Naming.model_validate({"name": "{{ id }}.json"})
    assert naming.name == Template("{{ id }}.json")
    assert hash(naming.name) == hash(Template("{{ id }}.json"))
    assert naming.name != "{{ id }}.json"
    assert repr(naming.name) == "Template('{{ id }}.json')"
    assert Naming(name=naming.name).name is naming.name
    assert Naming.model_validate({"name": 5}).name.text == "5"
    assert naming.model_dump() == {"name": "{{ id }}.json"}
    assert Naming.model_json_schema()["properties"]["name"]["format"] == "tundish-template"
    with pytest.raises(ValidationError, match="unexpected end of template"):
        Naming.model_validate({"name": "{{ id"})
    with pytest.raises(ValidationError, match="a template is a text"):
        Naming.model_validate({"name": True})


@pytest.mark.parametrize("text", ["{{ id }}", "{{id}}", "{{ id }}{# a remark #}"])
@pytest.mark.parametrize("value", ["a", "", "{{ id }}", 7, True, Decimal("1.50"), ["x"], {"a": 1}])
def test_a_name_alone_gives_what_it_gives_among_others(text: str, value: object) -> None:
    assert Template(text).render({"id": value}) == Template("|" + text).render({"id": value})[1:]


def test_a_name_alone_may_be_absent_null_or_too_long() -> None:
    for scope in ({}, {"id": None}, {"id": "x" * (TEMPLATE_CHARACTERS + 1)}):
        with pytest.raises(Invalid):
            Template("{{ id }}").render(scope)
