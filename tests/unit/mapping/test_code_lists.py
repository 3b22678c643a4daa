"""Code lists: spellings, meanings, and lists that extend others."""

from __future__ import annotations

import pytest

from tundish.errors import ConfigurationError
from tundish.faults import Place
from tundish.mapping.code_lists import CodeList, build_code_lists, extend_code_list
from tundish.mapping.definitions import CodeDefinition, CodeListDefinition, Written

PLACE = Place("codes/shifts.yaml", 1, 1)


def a_list(name: str, *, extends: str | None = None, **entries: str) -> CodeListDefinition:
    """Entries as `code="alias alias"`, each on a line of its own."""
    return CodeListDefinition(
        name=name,
        place=PLACE,
        entries=tuple(
            CodeDefinition(
                code=code,
                place=Place("codes/shifts.yaml", line, 3),
                description=f"the {code} one",
                aliases=tuple(Written(alias, Place("codes/shifts.yaml", line, 9)) for alias in aliases.split()),
            )
            for line, (code, aliases) in enumerate(entries.items(), 4)
        ),
        extends=Written(extends, Place("codes/shifts.yaml", 2, 10)) if extends else None,
    )


def build(*own: CodeListDefinition, library: tuple[CodeListDefinition, ...] = ()) -> dict[str, CodeList]:
    return dict(build_code_lists({one.name: one for one in own}, {one.name: one for one in library}))


def findings(*own: CodeListDefinition, library: tuple[CodeListDefinition, ...] = ()) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        build(*own, library=library)
    return [str(finding) for finding in caught.value.findings]


def test_every_spelling_means_its_code_and_a_code_itself() -> None:
    shifts = build(a_list("shifts", early="E F", late="L"))["shifts"]
    assert dict(shifts) == {"early": "early", "late": "late", "E": "early", "F": "early", "L": "late"}
    assert len(shifts) == 5
    assert shifts.codes == {"early", "late"}
    assert shifts.descriptions == {"early": "the early one", "late": "the late one"}
    assert "e" not in shifts, "spellings are compared exactly"


def test_a_project_hides_a_list_of_the_library() -> None:
    lists = build(a_list("shifts", early=""), library=(a_list("shifts", late=""), a_list("units", kg="KG")))
    assert set(lists["shifts"]) == {"early"}
    assert set(lists["units"]) == {"kg", "KG"}


def test_a_project_extends_the_list_of_its_own_name() -> None:
    own = a_list("shifts", extends="shifts", early="F", night="N")
    shifts = build(own, library=(a_list("shifts", early="E"),))["shifts"]
    assert dict(shifts) == {"early": "early", "E": "early", "F": "early", "night": "night", "N": "night"}


def test_lists_extend_each_other_over_several_steps() -> None:
    lists = build(a_list("c", extends="b", z="Z"), a_list("b", extends="a", y="Y"), a_list("a", x="X"))
    assert set(lists["c"]) == {"x", "X", "y", "Y", "z", "Z"}
    assert set(lists["b"]) == {"x", "X", "y", "Y"}


def test_an_extension_keeps_what_it_does_not_say() -> None:
    silent = CodeListDefinition(name="b", place=PLACE, entries=(CodeDefinition(code="x", place=PLACE),))
    whole = extend_code_list(silent, a_list("a", extends="root", x="X"))
    assert whole.entries[0].description == "the x one"
    assert whole.extends is not None
    assert whole.extends.text == "root"


def test_one_spelling_has_one_meaning() -> None:
    assert findings(a_list("shifts", early="E", end="E early")) == [
        "codes/shifts.yaml:5:9: TD264 'E' means 'early' already, so it cannot mean 'end'; leave one of them out",
        "codes/shifts.yaml:5:9: TD264 'early' means 'early' already, so it cannot mean 'end'; leave one of them out",
    ]


def test_a_list_must_exist_to_be_extended() -> None:
    assert findings(a_list("shifts", extends="shift", early="E")) == [
        "codes/shifts.yaml:2:10: TD262 there is no code list 'shift'; did you mean 'shifts'?"
    ]


@pytest.mark.parametrize("lists", [[("a", "a")], [("a", "b"), ("b", "a")]])
def test_no_list_extends_itself(lists: list[tuple[str, str]]) -> None:
    own = [a_list(name, extends=base) for name, base in lists]
    name, base = lists[0][0], lists[-1][1]
    assert findings(*own)[0] == (
        f"codes/shifts.yaml:2:10: TD265 the code list '{name}' extends '{base}', and so itself; leave 'extends' out"
    )
