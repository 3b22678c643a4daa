"""Settings of the SFTP connector."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from tundish.sdk import Duration, Secret, Settings, Template, wrong_value
from tundish_connectors._folders.watch_settings import WatchSettings

_FINGERPRINT = re.compile(r"SHA256:[0-9A-Za-z+/]{43}")


def _fingerprint(text: str) -> str:
    if _FINGERPRINT.fullmatch(text) is None:
        raise wrong_value(
            f"'{text}' is no fingerprint of a host key",
            "write it as 'ssh-keygen -lf' shows it: SHA256: and 43 characters",
        )
    return text


def _folder(path: str) -> str:
    if "\0" in path or not path:
        raise wrong_value(f"{path!r} is no folder of a server", "write e.g. 'outbox', '/srv/outbox' or '.'")
    return path.rstrip("/") or "/"


RemoteFolder = Annotated[str, AfterValidator(_folder)]
"""A folder of the server; a relative path begins where the server puts the user after login."""


class SftpConnectionSettings(Settings):
    """An SFTP server and how to log in there."""

    host: Annotated[str, Field(min_length=1)]
    """Host name or address of the server."""
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    """TCP port."""
    username: Annotated[str, Field(min_length=1)]
    """User on the server."""
    password: Secret | None = None
    """Password of the user. Keys are tried first where both are given."""
    private_key: Secret | None = None
    """Private key of the user, in OpenSSH's or PEM format, e.g. `file:/etc/tundish/plant7_ed25519`."""
    key_password: Secret | None = None
    """Password of the private key."""
    certificate: Path | None = None
    """OpenSSH certificate of the private key (`…-cert.pub`), where the server trusts an authority for users."""
    known_hosts: Path | None = None
    """File of host keys in OpenSSH's format; it may name authorities (`@cert-authority`) and revoked keys."""
    fingerprints: tuple[Annotated[str, AfterValidator(_fingerprint)], ...] = ()
    """Fingerprints of the host keys that are trusted, as `ssh-keygen -lf` shows them (`SHA256:…`)."""
    dangerously_accept_any_host_key: bool = False
    """Talk to anybody who claims to be the server. Whoever sits on the network can then read and change everything."""
    connect_timeout: Annotated[Duration, Field(gt=0)] = 15.0
    """How long connecting may take, and then logging in."""
    timeout: Annotated[Duration, Field(gt=0)] = 30.0
    """How long the server may take for one operation, such as listing a folder or moving some megabytes."""
    keepalive: Annotated[Duration, Field(ge=0.1)] = 3.0
    """After so much silence the server is asked whether it is there; after three questions without an answer it is
    gone, so that a dead line is noticed within 15 s. Give it more time on a line that is very slow."""

    @model_validator(mode="after")
    def _fits(self) -> SftpConnectionSettings:
        if self.password is None and self.private_key is None:
            raise wrong_value("there is neither 'password' nor 'private_key'", "add how the user logs in")
        if self.private_key is None and (self.certificate or self.key_password):
            name = "certificate" if self.certificate else "key_password"
            raise wrong_value(f"'{name}' is given without 'private_key'", "add the private key that it belongs to")
        trusted = self.known_hosts is not None or bool(self.fingerprints)
        if not trusted and not self.dangerously_accept_any_host_key:
            raise wrong_value(
                "nothing says which host key the server has",
                "add 'fingerprints: [\"SHA256:…\"]', which the server's administrator can tell, or 'known_hosts'",
            )
        if trusted and self.dangerously_accept_any_host_key:
            raise wrong_value(
                "'dangerously_accept_any_host_key' makes 'known_hosts' and 'fingerprints' mean nothing",
                "remove 'dangerously_accept_any_host_key'",
            )
        return self


class SftpSourceSettings(WatchSettings):
    """Watch a folder of the server for files; each file is one unit.

    A file that was accepted moves to `done/YYYY/MM/DD`, one that could not be read to `err`, both inside the folder.
    """

    folder: RemoteFolder = "."
    """The folder that is watched. A relative path begins where the server puts the user after login."""


class SftpDestinationSettings(Settings):
    """Write each message to a file of its own: complete, or not there at all."""

    folder: RemoteFolder = "."
    """The folder to write to; it must exist. A relative path begins where the server puts the user after login."""
    name: Template
    """Name of the file inside the folder; `/` makes subfolders. A name that would leave the folder is refused."""
    if_exists: Literal["fail", "replace"] = "fail"
    """What happens where another file of this name exists. The same content is no fault: the message is there."""
    sync: bool = True
    """Let the server bring each file to its disk before it gets its name, where the server offers that
    (`fsync@openssh.com`)."""
