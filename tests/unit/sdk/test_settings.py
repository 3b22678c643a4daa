"""Secrets by reference, durations and sizes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tundish.errors import MissingSecret
from tundish.sdk import Backoff, Duration, Secret, Settings, Size, format_duration, parse_duration
from tundish.sdk.settings import parse_size


class Sample(Settings):
    """Settings with one field of each type."""

    wait: Duration = 2.0
    limit: Size = 10
    password: Secret = Secret("env:NONE")
    backoff: Backoff = Backoff(1.0, 300.0)


def fault(**fields: object) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate(fields)
    (error,) = caught.value.errors()
    return error["msg"], error["ctx"]["cure"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("2s", 2), ("10m", 600), ("1.5h", 5400), ("1d", 86400), (" 1s ", 1)]
)
def test_durations_carry_their_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds
    assert Sample.model_validate({"wait": text}).wait == seconds


@pytest.mark.parametrize("value", ["10", "ten", "1w", "", "-1s", 10, Decimal("1.5"), None, True])
def test_what_is_no_duration_is_refused_with_a_cure(value: object) -> None:
    assert fault(wait=value)[1].startswith("write ")


def test_code_gives_durations_in_seconds() -> None:
    assert Sample(wait=1.5).wait == 1.5


@given(st.integers(min_value=1, max_value=10**8))
def test_durations_are_written_as_they_are_read(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds)


def test_durations_are_written_short() -> None:
    assert [format_duration(seconds) for seconds in (0, 0.25, 90, 300, 86400)] == ["0ms", "250ms", "90s", "5m", "1d"]


@pytest.mark.parametrize(("text", "size"), [("512B", 512), ("64KiB", 65536), ("10MB", 10**7), ("1.5GiB", 3 * 2**29)])
def test_sizes_carry_their_unit(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert Sample.model_validate({"limit": text}).limit == size


def test_a_whole_number_is_a_size_in_bytes() -> None:
    assert Sample.model_validate({"limit": 4096}).limit == 4096


@pytest.mark.parametrize("value", ["64", "many", "64kb", -1, True, Decimal("1.5"), None])
def test_what_is_no_size_is_refused_with_a_cure(value: object) -> None:
    assert fault(limit=value)[1].startswith("write ")


@pytest.mark.parametrize("value", ["hunter2", 1234, None, "", "env:", "vault:x", ["env:X"]])
def test_a_literal_secret_is_refused_and_never_repeated(value: object) -> None:
    text, cure = fault(password=value)
    assert text == "a secret is written here"
    assert "env:NAME" in cure
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate({"password": value})
    assert caught.value.errors()[0]["type"] == "literal_secret"


@pytest.mark.parametrize("value", ["file:relative/path", "credential:a/b"])
def test_a_reference_that_can_mean_several_things_is_refused(value: str) -> None:
    assert fault(password=value)[1].startswith("write ")


def test_a_secret_shows_its_reference_and_not_itself() -> None:
    secret = Sample.model_validate({"password": "env:CANARY"}).password
    assert secret.reveal({"CANARY": "hunter2"}) == "hunter2"
    assert "hunter2" not in f"{secret} {secret!r} {Sample(password=secret)!r}"
    assert Sample(password=secret).model_dump()["password"] == "env:CANARY"
    assert secret == Secret("env:CANARY")
    assert secret != Secret("env:OTHER")
    assert len({secret, Secret("env:CANARY")}) == 1


def test_secrets_are_read_from_files_and_credentials(tmp_path: Path) -> None:
    (tmp_path / "erp").write_text("hunter2\n")
    assert Secret(f"file:{tmp_path}/erp").reveal() == "hunter2"
    assert Secret("credential:erp").reveal({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "hunter2"


@pytest.mark.parametrize("reference", ["env:ABSENT", "file:/nonexistent/secret", "credential:erp"])
def test_an_absent_secret_says_what_to_do(reference: str) -> None:
    with pytest.raises(MissingSecret, match=reference):
        Secret(reference).reveal({})


def test_the_schema_tells_editors_how_values_are_written() -> None:
    properties = Sample.model_json_schema()["properties"]
    assert properties["wait"]["pattern"].endswith("$")
    assert properties["password"]["pattern"] == "^(env|file|credential):.+$"
    assert properties["backoff"]["examples"] == ["2s..10m"]
    assert properties["limit"]["anyOf"][0]["type"] == "integer"
