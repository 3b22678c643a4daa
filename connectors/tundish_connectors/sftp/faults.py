"""What the errors of the SSH library mean: for whoever connects, for whoever handles files."""

from __future__ import annotations

import errno

import asyncssh

from tundish.errors import AuthFailed, Misconfigured, NotConnected, TundishError

_CLASSES: tuple[tuple[type[asyncssh.SFTPError], type[OSError], int], ...] = (
    (asyncssh.SFTPNoSuchFile, FileNotFoundError, errno.ENOENT),
    (asyncssh.SFTPNoSuchPath, FileNotFoundError, errno.ENOENT),
    (asyncssh.SFTPPermissionDenied, PermissionError, errno.EACCES),
    (asyncssh.SFTPWriteProtect, PermissionError, errno.EROFS),
    (asyncssh.SFTPFileAlreadyExists, FileExistsError, errno.EEXIST),
    (asyncssh.SFTPInvalidFilename, OSError, errno.EINVAL),
    (asyncssh.SFTPNoSpaceOnFilesystem, OSError, errno.ENOSPC),
    (asyncssh.SFTPQuotaExceeded, OSError, errno.EDQUOT),
    (asyncssh.SFTPNoConnection, ConnectionError, errno.ENOTCONN),
    (asyncssh.SFTPConnectionLost, ConnectionError, errno.ECONNRESET),
)


def as_os_error(error: asyncssh.Error | TimeoutError, path: str) -> OSError:
    """What happened to a file or folder of the server, as the operating system would say it of one of ours."""
    if isinstance(error, TimeoutError):
        return ConnectionError(errno.ETIMEDOUT, "the server did not answer in time", path)
    text = getattr(error, "reason", "") or str(error) or type(error).__name__
    for kind, plain, number in _CLASSES:
        if isinstance(error, kind):
            return plain(number, text, path)
    if isinstance(error, asyncssh.SFTPError):
        return OSError(errno.EIO, text, path)
    return ConnectionError(errno.ECONNRESET, text, path)


def as_lost(error: BaseException, server: str, *, offered: str = "") -> TundishError:
    """What an error means that ended an attempt to connect. `offered` is the fingerprint of an unknown host key."""
    text = getattr(error, "reason", "") or str(error) or type(error).__name__
    match error:
        case asyncssh.HostKeyNotVerifiable():
            told = AuthFailed(
                f"{server} shows a host key that is not trusted ({offered or text}); it is another machine, or its key"
                " was changed: ask its administrator for the fingerprint before you write it into the connection"
            )
        case asyncssh.PermissionDenied() | asyncssh.IllegalUserName():
            told = AuthFailed(
                f"{server} refused the login; check 'username', 'password' and 'private_key', and whether the public"
                " key is among the user's authorized keys there"
            )
        case asyncssh.KeyExchangeFailed() | asyncssh.ProtocolNotSupported():
            fact = f"{server} offers no method that we can use: {text}"
            return Misconfigured(fact, "let its administrator enable current algorithms")
        case asyncssh.ChannelOpenError() | asyncssh.SFTPError():
            return NotConnected(f"{server} offers no SFTP session: {text}; is its subsystem 'sftp' enabled?")
        case TimeoutError():
            return NotConnected(f"{server} did not answer in time")
        case _:
            return NotConnected(f"{server} cannot be reached: {text}")
    return told
