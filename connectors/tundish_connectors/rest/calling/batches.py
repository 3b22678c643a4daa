"""Several messages in one request: a JSON array of their bodies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b

from tundish.errors import DeliveryError, Rejected
from tundish.model import Outgoing, Receipt
from tundish_connectors.rest.calling.client import HttpClient
from tundish_connectors.rest.calling.requests import HttpRequest
from tundish_connectors.rest.calling.verdicts import Verdicts

_KEY = "Idempotency-Key"

Outcome = Receipt | DeliveryError


class BatchSender:
    """Sends what is waiting together. A batch that is refused is sent again message by message.

    So one bad message does not take the others along. Each message is then an array of its own.
    """

    def __init__(self, client: HttpClient, build: Callable[[Outgoing], HttpRequest], verdicts: Verdicts) -> None:
        self._client = client
        self._build = build
        self._verdicts = verdicts

    async def send(self, messages: Sequence[Outgoing]) -> Sequence[Outcome]:
        """One outcome for each message, in their order."""
        outcomes: dict[int, Outcome] = {}
        groups: dict[tuple[object, ...], list[tuple[int, HttpRequest]]] = {}
        for number, message in enumerate(messages):
            try:
                request = self._build(message)
            except DeliveryError as error:
                outcomes[number] = error
                continue
            headers = tuple((name, value) for name, value in request.headers.items() if name != _KEY)
            groups.setdefault((request.target, headers), []).append((number, request))
        for group in groups.values():
            numbers, requests = [number for number, _ in group], [request for _, request in group]
            outcomes.update(zip(numbers, await self._group(requests), strict=True))
        return [outcomes[number] for number in range(len(messages))]

    async def _group(self, requests: Sequence[HttpRequest]) -> Sequence[Outcome]:
        outcome = await self._outcome(requests)
        if len(requests) == 1 or not isinstance(outcome, Rejected):
            return [outcome] * len(requests)
        return [await self._outcome([request]) for request in requests]

    async def _outcome(self, requests: Sequence[HttpRequest]) -> Outcome:
        body = b"[" + b",".join(request.body for request in requests) + b"]"
        keys = [request.headers[_KEY] for request in requests]
        key = keys[0] if len(keys) == 1 else blake2b("\0".join(keys).encode(), digest_size=16).hexdigest()
        together = replace(requests[0], body=body, headers={**requests[0].headers, _KEY: key})
        try:
            return self._verdicts.receipt_of(await self._client.ask(together))
        except DeliveryError as error:
            return error
