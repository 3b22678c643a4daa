"""An error of the library means what the operating system or the engine has a word for."""

from __future__ import annotations

import asyncssh
import pytest

from tundish.errors import AuthFailed, Misconfigured, NotConnected
from tundish_connectors.sftp.faults import as_lost, as_os_error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (asyncssh.SFTPNoSuchFile("x"), FileNotFoundError),
        (asyncssh.SFTPPermissionDenied("x"), PermissionError),
        (asyncssh.SFTPFileAlreadyExists("x"), FileExistsError),
        (asyncssh.SFTPFailure("x"), OSError),
        (asyncssh.SFTPConnectionLost("x"), ConnectionError),
        (asyncssh.ConnectionLost("x"), ConnectionError),
        (TimeoutError(), ConnectionError),
    ],
)
def test_errors_of_files(error: asyncssh.Error | TimeoutError, kind: type[OSError]) -> None:
    found = as_os_error(error, "/a/b")
    assert isinstance(found, kind)
    assert isinstance(found, ConnectionError) == (kind is ConnectionError)
    assert found.filename == "/a/b"


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (asyncssh.HostKeyNotVerifiable("x"), AuthFailed, "ask its administrator"),
        (asyncssh.PermissionDenied("x"), AuthFailed, "refused the login"),
        (asyncssh.KeyExchangeFailed("x"), Misconfigured, "current algorithms"),
        (asyncssh.ChannelOpenError(1, "x"), NotConnected, "subsystem 'sftp'"),
        (TimeoutError(), NotConnected, "in time"),
        (ConnectionRefusedError("x"), NotConnected, "cannot be reached"),
    ],
)
def test_errors_of_connecting(error: Exception, kind: type[Exception], text: str) -> None:
    found = as_lost(error, "h:22")
    assert isinstance(found, kind)
    assert text in str(found)
    assert "h:22" in str(found)
