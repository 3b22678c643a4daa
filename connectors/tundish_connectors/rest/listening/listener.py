"""One server for all routes that listen at one address, and who is let in."""

from __future__ import annotations

from collections.abc import Sequence

from tundish.errors import Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.sdk import Context, server_context
from tundish.telemetry import Event
from tundish_connectors._http.addresses import is_loopback
from tundish_connectors._http.exchange import Request
from tundish_connectors._http.listener import HttpListener
from tundish_connectors.rest.listening.admission.choosing import gate_of
from tundish_connectors.rest.listening.admission.failures import Failures
from tundish_connectors.rest.listening.admission.gate import Refused
from tundish_connectors.rest.listening.openapi import PATH as OPENAPI_PATH
from tundish_connectors.rest.listening.openapi import document
from tundish_connectors.rest.listening.paths import Entry, Paths, split
from tundish_connectors.rest.listening.request import Answer, refusal
from tundish_connectors.rest.listening.route import Route
from tundish_connectors.rest.settings import RestConnectionSettings


class Listener(HttpListener):
    """Listens from the first registered route on; until then connecting is refused, which every client repeats."""

    def __init__(self, address: str, settings: RestConnectionSettings, context: Context) -> None:
        """Raises MissingSecret or Misconfigured."""
        if settings.auth is None and not is_loopback(address):
            raise Misconfigured(f"whoever reaches {address} could send messages", "add 'auth', or listen on 127.0.0.1")
        super().__init__(
            address,
            context,
            None if settings.tls is None else server_context(settings.tls),
            timeout=settings.timeout,
            largest_body=settings.largest_body,
            max_connections=settings.max_connections,
        )
        self._gate = gate_of(settings.auth, context.log)
        self._failures = Failures(context.log)
        self._paths: Paths[Route] = Paths()

    @property
    def secret_headers(self) -> frozenset[str]:
        """The headers that hold a client's credentials, in lower case."""
        return self._gate.headers

    async def check(self) -> Sequence[Fault]:
        """Whether the address can be taken, or our daemon has it; and whether the gate works."""
        return [*await self._gate.check(), *await super().check()]

    async def add(self, method: str, path: str, route: Route) -> Entry[Route]:
        """Answer requests by this route.

        Raises Misconfigured where another route has the same method and path, NotConnected where the address is taken.
        """
        entry = self._paths.add(method, path, route, self.port)
        try:
            await self.listen()
        except NotConnected:
            self._paths.remove(entry)
            raise
        return entry

    def remove(self, entry: Entry[Route]) -> None:
        """Answer no more."""
        self._paths.remove(entry)

    def tick(self) -> None:
        """Tell of clients that were refused."""
        self._failures.tick()

    # What a connection asks.

    def refusal(
        self, request: Request | None, status: int, error: str, cure: str = "", *headers: tuple[str, str]
    ) -> Answer:
        """What is wrong, as JSON."""
        return refusal(status, error, cure, *headers)

    def begin(self, request: Request) -> Answer | None:
        """The answer to a request that is refused by its head."""
        try:
            request.sender = self._gate.knock(request)
        except Refused as refused:
            return self._refuse(request, refused)
        handler = self._handler_of(request)
        if isinstance(handler, Answer):
            return handler
        request.handler = handler
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return refusal(415, "compressed bodies are not taken", "send the body as it is")
        return None

    def _handler_of(self, request: Request) -> object:
        found = self._paths.find(request.method, request.path)
        if found is not None:
            entry, request.parameters = found
            return entry.value.take
        methods = self._paths.methods(request.path)
        if request.path == OPENAPI_PATH:
            methods = sorted({*methods, "GET"})
        if request.method == "GET":
            above, _, number = request.path.rpartition("/")
            if request.path == OPENAPI_PATH:
                return self._describe
            if number.isdecimal() and number.isascii() and len(number) < 19 and self._paths.methods(above):
                return self._tell
        if not methods:
            return refusal(404, f"nobody listens at {request.path[:200]}", f"GET {OPENAPI_PATH} lists the paths")
        allowed = ", ".join(methods)
        text = f"{request.method} is not for {request.path[:200]}"
        return refusal(405, text, f"use {allowed}", ("Allow", allowed))

    async def answer(self, request: Request) -> Answer:
        """Whatever happens, a client that gets no 2xx knows that its message was not accepted."""
        try:
            if request.sender is None:
                request.sender = await self._gate.admit(request)
            answer: Answer = await request.handler(request)
        except Refused as refused:
            return self._refuse(request, refused)
        except Exception as error:  # noqa: BLE001 - the client must hear that its message was not accepted
            self._log.error(Event.REQUEST_FAILED, path=request.path, exc_info=error)
            return refusal(500, "the message was not accepted", "send it again", ("Retry-After", "5"))
        return answer

    def _refuse(self, request: Request, refused: Refused) -> Answer:
        self._failures.add(request.remote, refused.text)
        more = [("WWW-Authenticate", self._gate.challenge)] if refused.status == 401 and self._gate.challenge else []
        more += [("Retry-After", "5")] if refused.status == 503 else []
        return refusal(refused.status, refused.text, refused.cure, *more)

    async def _describe(self, request: Request) -> Answer:
        return Answer(200, document(self._paths.entries, self._gate.scheme))

    async def _tell(self, request: Request) -> Answer:
        above, _, number = request.path.rpartition("/")
        for entry in self._paths.entries:
            if entry.match(split(above)) is not None:
                answer = await entry.value.tell(int(number))
                if answer is not None:
                    return answer
        return refusal(404, f"there is no message {number} here", "what is done is forgotten after some time")
