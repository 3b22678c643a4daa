"""Settings of a listener that are wrong or unsafe are refused when they are read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tundish_connectors.rest.settings import RestConnectionSettings

JWT = {"issuer": "https://login.example", "audience": "tundish"}


@pytest.mark.parametrize(
    ("auth", "text"),
    [
        ({"jwt": JWT}, "exactly one of 'jwks_url' and 'jwks_file'"),
        ({"jwt": {**JWT, "jwks_url": "https://a", "jwks_file": "b"}}, "exactly one of 'jwks_url' and 'jwks_file'"),
        ({"jwt": {**JWT, "jwks_url": "http://login.example/keys"}}, "could replace the keys"),
        ({"jwt": {**JWT, "jwks_file": "b", "algorithms": ["none"]}}, "algorithms"),
        ({"jwt": {**JWT, "jwks_file": "b", "algorithms": ["HS256"]}}, "algorithms"),
        ({"jwt": {**JWT, "jwks_file": "b", "algorithms": []}}, "algorithms"),
        ({"jwt": {**JWT, "jwks_file": "b", "leeway": "1h"}}, "leeway"),
        ({"jwt": {"issuer": "x", "jwks_file": "b"}}, "audience"),
        ({"hmac": {"key": "correct-horse"}}, "a secret is written here"),
        ({"hmac": {"key": "env:K", "algorithm": "md5"}}, "algorithm"),
        ({"hmac": {"key": "env:K", "tolerance": "2h"}}, "tolerance"),
        ({"certificate": {}}, "nobody says which certificates are good"),
        ({"hmac": {"key": "env:K"}, "jwt": {**JWT, "jwks_file": "b"}}, "one way to authenticate"),
    ],
)
def test_ways_to_know_who_sends(auth: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        RestConnectionSettings.model_validate({"listen": "127.0.0.1:1", "auth": auth})


@pytest.mark.parametrize("auth", [{"jwt": {**JWT, "jwks_file": "b"}}, {"certificate": {}}])
def test_ways_that_only_a_listener_can_ask_for(auth: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="requests that we receive"):
        RestConnectionSettings.model_validate({"url": "https://a", "auth": auth})


def test_keys_may_come_from_this_machine_without_tls() -> None:
    for address in ("http://127.0.0.1:8080/keys", "http://localhost/keys", "https://login.example/keys"):
        auth = {"jwt": {**JWT, "jwks_url": address}}
        assert RestConnectionSettings.model_validate({"listen": "0.0.0.0:1", "auth": auth})
