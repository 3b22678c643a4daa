"""asyncua as it is installed: what opcua/session.py leans on. After an upgrade, look at each of these by hand."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
from asyncua.client import Client
from asyncua.client.ua_client import UaClient
from asyncua.client.ua_session import UaSession
from asyncua.common.structures104 import load_data_type_definitions

LEANED_ON: dict[str, tuple[Callable[..., Any], str]] = {
    "the session publishes through a loop that we never start": (UaSession.create_subscription, "1e2c01d848a6"),
    "its loop starts in one place": (UaSession.ensure_publish_loop, "dd225809e322"),
    "a session is closed here": (UaSession.close_session, "e5a7c5b77d2c"),
    "publishing once waits without a limit": (UaSession.publish, "4657de07b6ff"),
    "closing the client deletes subscriptions, which the session does not pass on": (
        Client.close_session,
        "5f4f9feaccb9",
    ),
    "connecting resumes a kept session first": (Client._connect_sequence, "700cba9e5369"),
    "a kept session is forgotten where the server does not know it": (
        Client._try_resume_persisted_session,
        "20c130a6d54e",
    ),
    "the certificate is looked at before the user is told": (Client.create_session, "eb7034670217"),
    "a policy is chosen for the user's token": (Client.server_policy, "cfe5d9c5b1e4"),
    "what a refused channel looks like": (UaClient.open_secure_channel, "145e85ebf5e1"),
    "structures are registered for all connections together": (load_data_type_definitions, "64721476951f"),
}


def digest(function: Callable[..., Any]) -> str:
    """Of its source."""
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12]


def test_the_version_is_the_one_that_was_looked_at() -> None:
    assert version("asyncua").startswith("2.1."), "read the notes in opcua/session.py, and what changed in asyncua"


@pytest.mark.parametrize(("function", "known"), LEANED_ON.values(), ids=LEANED_ON)
def test_its_insides_are_as_they_were(function: Callable[..., Any], known: str) -> None:
    assert digest(function) == known


def test_the_client_has_what_is_replaced() -> None:
    names = ("_policy_ids", "uaclient", "nodes", "certificate_validator", "connection_lost_callback")
    made = Client("opc.tcp://127.0.0.1:1")
    assert [name for name in (*names, "session_state_path") if not hasattr(made, name)] == []
