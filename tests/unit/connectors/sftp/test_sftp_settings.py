"""What a connection must say about the server and about us."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tundish_connectors.sftp.settings import SftpConnectionSettings, SftpDestinationSettings, SftpSourceSettings

FINGERPRINT = "SHA256:" + "a" * 43
BASE: dict[str, Any] = {"host": "h", "username": "u", "password": "env:P", "fingerprints": [FINGERPRINT]}


def faults(model: type[Any], settings: dict[str, Any]) -> str:
    """Everything that is wrong with settings."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(settings)
    return "; ".join(f"{error['msg']} ({error.get('ctx', {}).get('cure', '')})" for error in caught.value.errors())


def without(*names: str, **more: object) -> dict[str, Any]:
    """The base settings, changed."""
    return {name: value for name, value in BASE.items() if name not in names} | more


def test_the_base_is_valid() -> None:
    assert SftpConnectionSettings.model_validate(BASE).port == 22


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (without("password"), "neither 'password' nor 'private_key'"),
        (without("fingerprints"), "nothing says which host key"),
        (without(dangerously_accept_any_host_key=True), "mean nothing"),
        (without(certificate="/c"), "'certificate' is given without 'private_key'"),
        (without(key_password="env:K"), "'key_password' is given without 'private_key'"),
        (without(fingerprints=["MD5:00:11"]), "as 'ssh-keygen -lf' shows it"),
        (without(password="secret"), "a secret is written here"),
    ],
)
def test_what_is_missing_or_too_much_is_told(settings: dict[str, Any], text: str) -> None:
    assert text in faults(SftpConnectionSettings, settings)


@pytest.mark.parametrize(("written", "read"), [("out/", "out"), ("/", "/"), (".", "."), ("/a/b//", "/a/b")])
def test_folders_end_without_a_slash(written: str, read: str) -> None:
    assert SftpSourceSettings(folder=written).folder == read


def test_an_empty_folder_is_refused() -> None:
    assert "is no folder of a server" in faults(SftpDestinationSettings, {"folder": "", "name": "x"})


def test_patterns_hold_no_folder() -> None:
    assert "without a folder" in faults(SftpSourceSettings, {"pattern": "in/*.csv"})
