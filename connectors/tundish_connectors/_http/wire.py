"""One connection of a client: bytes to requests, in their order, and answers to bytes; nobody makes it wait for ever.

httptools (the parser of Node.js) reads the requests; it refuses what two servers could understand differently, such as
a length beside chunks. Each answer is written at once. What waits is bounded: the head of a request in bytes, its body
in bytes, both in time, and pipelined requests in number. The file is long because reading and answering share the state
of the connection: what is read depends on what waits for its answer, and on whether an answer ended everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import httptools

from tundish_connectors._http.exchange import Answer, Request

LARGEST_HEAD = 64 * 1024
"""Bytes of request line and headers."""
_SMALL = 64 * 1024
"""Bytes of the body of a refused request that are read and thrown away, so that the connection can be kept."""
_PIPELINED = 16
"""Requests that wait for their answers before no more are read."""
_LINGER = 2.0
"""Seconds for a client to read an answer that came before it had sent everything; closing at once would destroy it."""


class House(Protocol):
    """What the connections of one listener share."""

    timeout: float
    largest_body: int

    def arrived(self, wire: Wire) -> bool:
        """False where there are too many already."""

    def left(self, wire: Wire) -> None: ...
    def start(self, wire: Wire) -> asyncio.Task[None] | None:
        """Run `wire.work()`; None where the listener is being closed."""

    def begin(self, request: Request) -> Answer | None:
        """The answer, where the head of a request suffices for one: it is refused."""

    async def answer(self, request: Request) -> Answer:
        """The answer to a complete request; raises nothing but cancellation."""

    def refusal(
        self, request: Request | None, status: int, error: str, cure: str = "", *headers: tuple[str, str]
    ) -> Answer:
        """An answer that says what is wrong, and what to do about it; `request` is None where its head did not come."""


class _Waiting:
    """A request in the queue, perhaps with its answer."""

    __slots__ = ("answer", "keep_alive", "request")

    def __init__(self, request: Request | None, answer: Answer | None, *, keep_alive: bool) -> None:
        self.request, self.answer, self.keep_alive = request, answer, keep_alive


class Wire(asyncio.Protocol):
    """A connection; `work` is its task, which begins with the first request."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._loop = asyncio.get_running_loop()
        self._parser: Any = httptools.HttpRequestParser(self)
        self._queue: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self._wake: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._served = 0
        self._head = 0
        self._in_head = True
        self._begun = False
        self._deaf = False
        self._over = False
        self._reading = True
        self.deadline = math.inf
        """Loop time at which `check` loses its patience."""
        self.busy = False
        """A request is being answered."""
        self._reset()

    def _reset(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._request: Request | None = None
        self._refused: Answer | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._hosts = 0

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._remote = str(peer[0]) if isinstance(peer, tuple) else ""
        secured = transport.get_extra_info("ssl_object")
        self._certificate = secured.getpeercert() if secured is not None else None
        if not self._house.arrived(self):
            answer = self._refusal(
                503, "too many connections are open", "keep connections, and try again", ("Retry-After", "1")
            )
            self._deaf = True
            self._transport.write(answer.encoded(close=True))
            self._transport.close()
            return
        self.deadline = self._loop.time() + self._house.timeout

    def data_received(self, data: bytes) -> None:
        """Bytes of requests came."""
        if self._deaf:
            return
        if self._in_head:
            self._head += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._break_off(self._refusal(400, "this is no request of HTTP/1.1", "send what RFC 9112 describes"))
        else:
            if self._in_head and self._head > LARGEST_HEAD and not self._deaf:
                text = f"request line and headers are longer than {LARGEST_HEAD} bytes"
                self._break_off(self._refusal(431, text, "send shorter headers"))

    def _feed(self, data: bytes) -> None:
        while data and not self._deaf:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                # A request to speak another protocol is answered in this one (RFC 9110, 7.8). The parser takes its body
                # for that other protocol, so it reads the request again, without the wish.
                data = self._without_wish(self._parser.get_method()) + data[upgrade.args[0] :]
                self._parser = httptools.HttpRequestParser(self)
            else:
                return

    def _without_wish(self, method: bytes) -> bytes:
        if method == b"CONNECT":
            self._break_off(
                self._refusal(405, "this is no proxy", "send requests to this host only", ("Allow", "POST"))
            )
            return b""
        headers = {name: value for name, value in self._headers.items() if name not in {"upgrade", "connection"}}
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        head = method + b" " + self._url + b" HTTP/1.1\r\n" + "".join(lines).encode() + b"\r\n"
        if self._hosts != 1:
            self._break_off(self._host_fault())
        self._reset()
        return head

    def eof_received(self) -> bool:
        """The client sends no more; it may still wait for answers."""
        if self._transport.get_extra_info("ssl_object") is not None or not (self.busy or self._queue):
            return False
        self._deaf = self._over = True
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone, and nobody needs an answer."""
        self._deaf = True
        self._house.left(self)
        if self._writable is not None and not self._writable.done():
            self._writable.cancel()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """The client does not read its answers."""
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """It reads again."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # What the parser says.

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._begun = self._in_head = True
        if not self.busy and not self._queue:
            self.deadline = self._loop.time() + self._house.timeout

    def on_url(self, url: bytes) -> None:
        """A piece of the request line."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        key = name.decode("latin-1").lower()
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        known = self._headers.get(key)
        self._headers[key] = text if known is None else f"{known}, {text}"
        self._hosts += key == "host"

    def on_headers_complete(self) -> None:
        """The head of a request: it may be refused before its body is read."""
        self._in_head = False
        if self._deaf or self._parser.should_upgrade():
            return
        if not self.busy and not self._queue:
            self.deadline = self._loop.time() + self._house.timeout
        try:
            request = self._request = self._made()
            length = int(self._headers.get("content-length", "0"))
        except ValueError:
            self._break_off(self._refusal(400, "the target or the length of the request is none"))
            return
        answer = self._faults_of_head(length) or self._house.begin(request)
        waits = self._headers.get("expect", "").lower() == "100-continue"
        if answer is None:
            if waits and not self.busy and not self._queue:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        self._refused = answer
        if waits or answer.status == 400 or length > _SMALL or "transfer-encoding" in self._headers:
            self._break_off(answer)

    def _made(self) -> Request:
        target = self._url
        where = target.decode("ascii")
        if not where.startswith("/"):
            parts = urlsplit(where)
            where = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path, _, query = where.partition("?")
        method = self._parser.get_method().decode("ascii")
        return Request(method, target, path, query, self._headers, self._remote, self._certificate)

    def _faults_of_head(self, length: int) -> Answer | None:
        if self._hosts != 1 and self._parser.get_http_version() != "1.0":
            return self._host_fault()
        if length > self._house.largest_body:
            return self._too_large()
        return None

    def _too_large(self) -> Answer:
        text = f"the body is longer than {self._house.largest_body} bytes"
        return self._refusal(413, text, "split it, or raise 'largest_body' of the connection")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._deaf or self._refused is not None:
            return
        self._size += len(body)
        if self._size > self._house.largest_body:
            self._break_off(self._too_large())
        else:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        if self._deaf or self._parser.should_upgrade():
            return
        self._begun = False
        self._in_head = True
        self._head = 0
        request = self._request
        if request is not None:
            request.body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._put(_Waiting(request, self._refused, keep_alive=bool(self._parser.should_keep_alive())))
        self._reset()

    # Answers, in the order of the requests.

    def _break_off(self, answer: Answer) -> None:
        """Answer, when its turn has come, and take nothing more from this client."""
        if not self._deaf:
            self._deaf = True
            self._put(_Waiting(None, answer, keep_alive=False))

    def _put(self, waiting: _Waiting) -> None:
        self._queue.append(waiting)
        if len(self._queue) >= _PIPELINED and self._reading:
            self._reading = False
            self._transport.pause_reading()
        if self._task is None:
            self._task = self._house.start(self)
        elif self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def work(self) -> None:
        """Answer one request after the other, until the connection is over."""
        while not self._transport.is_closing():
            while not self._queue:
                if self._over:
                    self._transport.close()
                    return
                self._wake = self._loop.create_future()
                await self._wake
            waiting = self._queue.popleft()
            self.busy = True
            self.deadline = math.inf
            answer = waiting.answer
            if answer is None and waiting.request is not None:
                answer = await self._house.answer(waiting.request)
            if answer is None:
                return
            with_body = waiting.request is None or waiting.request.method != "HEAD"
            keep_alive = waiting.keep_alive and not (self._over and not self._queue)
            self._transport.write(answer.encoded(close=not keep_alive, with_body=with_body))
            if not await self._was_read():
                return
            self.busy = False
            self._served += 1
            if not keep_alive:
                self._end(torn=waiting.request is None)
                return
            self._go_on()

    def _go_on(self) -> None:
        if not self._queue:
            self.deadline = self._loop.time() + self._house.timeout
        if not self._reading and len(self._queue) < _PIPELINED:
            self._reading = True
            self._transport.resume_reading()

    async def _was_read(self) -> bool:
        """Wait until the client has room for more; False where it does not read."""
        if self._writable is None:
            return True
        try:
            async with asyncio.timeout(self._house.timeout):
                await self._writable
        except TimeoutError:
            self._transport.abort()
            return False
        return True

    def _end(self, *, torn: bool) -> None:
        """Close; a client that is still sending gets a moment to read the answer."""
        self._deaf = True
        if not torn:
            self._transport.close()
            return
        self.deadline = self._loop.time() + _LINGER
        self._over = True
        with contextlib.suppress(OSError, NotImplementedError, RuntimeError):
            if self._transport.can_write_eof():
                self._transport.write_eof()

    def check(self, now: float) -> None:
        """Lose patience with a client that is too slow; called now and then."""
        if now < self.deadline:
            return
        self.deadline = math.inf
        if self._over or self._deaf:
            self._transport.abort()
        elif self._served and not self._begun:
            self._transport.close()
        else:
            what = "the head of the request" if self._in_head else "the body"
            self._break_off(
                self._refusal(408, f"{what} did not come within {self._house.timeout:g} s", "send it faster")
            )

    def close_when_idle(self) -> None:
        """The listener closes: whoever waits for no answer is disconnected."""
        self._over = True
        if not self.busy and not self._queue:
            self._deaf = True
            self._transport.close()

    def abort(self) -> None:
        """Disconnect at once."""
        self._transport.abort()

    def _refusal(self, status: int, error: str, cure: str = "", *headers: tuple[str, str]) -> Answer:
        return self._house.refusal(self._request, status, error, cure, *headers)

    def _host_fault(self) -> Answer:
        return self._refusal(400, "a request of HTTP/1.1 has one header 'Host'", "send it once")
