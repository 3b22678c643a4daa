"""What a status means."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tundish.errors import AuthFailed, DeliveryError, Duplicate, Rejected, Throttled, Transient
from tundish_connectors.rest.calling.answers import Answer, finding_of, receipt_of, retry_after


def answer(status: int, body: bytes | None = b"{}", **headers: str) -> Answer:
    """An answer; underscores in names of headers stand for dashes."""
    lower = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, "Reason", {"content-type": "application/json", **lower}, body)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, Rejected),
        (302, Rejected),
        (400, Rejected),
        (401, AuthFailed),
        (403, AuthFailed),
        (404, Rejected),
        (408, Transient),
        (409, Rejected),
        (422, Rejected),
        (425, Transient),
        (429, Throttled),
        (500, Transient),
        (503, Transient),
    ],
)
def test_a_status_that_is_no_success(status: int, error: type[DeliveryError]) -> None:
    with pytest.raises(DeliveryError) as caught:
        receipt_of(answer(status, b'{"why": "closed"}'), ())
    assert type(caught.value) is error
    assert caught.value.facts == {
        "status": status,
        "headers": {"content-type": "application/json"},
        "body": {"why": "closed"},
    }
    assert "closed" in caught.value.detail


def test_a_busy_system_that_says_when_is_obeyed() -> None:
    with pytest.raises(Throttled) as caught:
        receipt_of(answer(503, retry_after="7"), ())
    assert caught.value.seconds == 7


def test_a_duplicate_is_one_only_where_the_route_says_so() -> None:
    with pytest.raises(Duplicate):
        receipt_of(answer(409), (409,))
    with pytest.raises(Rejected):
        receipt_of(answer(409), ())


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success(status: int) -> None:
    receipt = receipt_of(answer(status, b'{"n": 1.10}', location="/bookings/7"), ())
    assert receipt.remote_id == "/bookings/7"
    assert receipt.facts["body"] == {"n": Decimal("1.10")}


def test_numbers_of_an_answer_are_exact() -> None:
    body = b'{"a": 0.12345678901234567890, "b": 1000000000000000000000000000000}'
    assert answer(200, body).facts["body"] == {"a": Decimal("0.12345678901234567890"), "b": 10**30}


@pytest.mark.parametrize("body", [b"{", b"NaN", b"\xff", b"", b"[" * 100000])
def test_what_claims_to_be_json_and_is_not_stays_text(body: bytes) -> None:
    assert isinstance(answer(200, body).facts["body"], str)


def test_secrets_in_headers_are_masked() -> None:
    facts = answer(200, set_cookie="sid=hunter2", x_api_key="hunter2").facts
    assert "hunter2" not in str(facts)


def test_questions() -> None:
    assert finding_of(answer(404)).facts["status"] == 404
    assert finding_of(answer(200)).facts["body"] == {}
    with pytest.raises(Rejected):
        finding_of(answer(400))
    with pytest.raises(Rejected, match="longer"):
        finding_of(answer(200, None))
    with pytest.raises(Transient):
        finding_of(answer(500))


def test_retry_after() -> None:
    assert retry_after("120", 0) == 120
    assert retry_after("999999", 0) == 3600
    assert retry_after("Thu, 01 Jan 1970 00:00:30 GMT", 10) == 20
    assert retry_after("Thu, 01 Jan 1970 00:00:30 GMT", 100) == 0
    assert retry_after("soon", 0) is None
    assert retry_after("", 0) is None
