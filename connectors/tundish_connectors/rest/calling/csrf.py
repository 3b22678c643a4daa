"""The token against forged requests that SAP systems ask for: fetched once, kept with its session, fetched anew."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tundish.errors import AuthFailed, Transient, Unknown
from tundish_connectors.rest.calling.answers import Answer, error_of
from tundish_connectors.rest.calling.requests import HttpRequest
from tundish_connectors.rest.settings import CsrfSettings

HEADER = "x-csrf-token"


def is_required(answer: Answer) -> bool:
    """Whether an answer says that the token is missing, or belongs to a session that ended."""
    return answer.status == 403 and answer.headers.get(HEADER, "").lower() == "required"


class CsrfToken:
    """The token of the session that the system's cookies name."""

    def __init__(self, settings: CsrfSettings) -> None:
        self._question = HttpRequest("GET", settings.path, {}, {"X-CSRF-Token": "Fetch", "Accept": "application/json"})
        self._token = ""
        self._turn = asyncio.Lock()

    def forget(self) -> None:
        """Fetch a new one for the next request."""
        self._token = ""

    async def token(self, ask: Callable[[HttpRequest], Awaitable[Answer]]) -> str:
        """Raises AuthFailed where the system gives none, Transient where it cannot be asked."""
        async with self._turn:
            if not self._token:
                self._token = await self._fetched(ask)
            return self._token

    async def _fetched(self, ask: Callable[[HttpRequest], Awaitable[Answer]]) -> str:
        try:
            answer = await ask(self._question)
        except Unknown as error:
            # The message itself was not sent yet.
            raise Transient(error.text, detail=error.detail) from error
        if answer.status >= 300:
            raise (
                error_of(answer)
                if answer.status in {401, 403, 429} or answer.status >= 500
                else _no_token(f"{self._question.path} answered {answer.status}", answer)
            )
        token = answer.headers.get(HEADER, "")
        if not token or token.lower() == "required":
            raise _no_token(f"{self._question.path} gave no X-CSRF-Token", answer)
        return token


def _no_token(fact: str, answer: Answer) -> AuthFailed:
    text = f"the token for changes could not be fetched: {fact}; set 'csrf: {{path: …}}' to a path of the service"
    return AuthFailed(text, detail=answer.detail)
