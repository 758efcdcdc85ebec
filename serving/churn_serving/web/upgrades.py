"""Connections that stay with HTTP/1.1 whatever else a caller offers to speak.

A server may leave an offer (``Upgrade``) unheard and then owes the request an answer like any other, its body included:
some clients offer HTTP/2 with everything they send. The parser does not see it so: behind such a head it takes no body,
and reads what follows as the next request. So whoever offers gets a second parser, which is told the same head without
the offer, and everything behind it. It also takes requests of RTSP and ICE for HTTP and tells nobody: the lines in
which they are named are looked for here. This module knows the parser and neither limits nor uvicorn.
"""

from typing import Any

import httptools

from churn_serving.web import refusals
from churn_serving.web.exchanges import LeanProtocol
from churn_serving.web.heads import SEEN_BYTES, framing_of, is_request_line, others_in, refusal_of_head
from churn_serving.web.refusals import Refusal

_MOST_NAMES = 64
"""Lines that name another protocol in one piece: no body has so many, and each costs a call of the parser."""


class SteadfastProtocol(LeanProtocol):
    """A connection whose parser is fed by :meth:`feed`. ``offering`` says that the head being read offers something: it
    is going to be told of once more, without."""

    offering = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.parser.set_dangerous_leniencies(lenient_version=True)  # which of them are spoken is said by heads
        self._line = b""

    def judge_head(self) -> Refusal | None:
        """Why the request whose head has come cannot be answered, None if it can; notes whether it offers anything."""
        parser = self.parser
        self.offering = parser.should_upgrade()
        return refusal_of_head(parser.get_http_version(), parser.get_method(), self.headers)

    def why_none(self) -> Refusal:
        """What is wrong with something that the parser could not read."""
        return refusals.VERSION if self.parser.get_method() == b"PRI" else refusals.MALFORMED  # HTTP/2 begins so

    def feed(self, data: bytes) -> None:
        """Parse.

        Raises:
            httptools.HttpParserError: it is no HTTP, or a callback refused it.
        """
        begun = self._line
        places = others_in(begun + data if begun else data)
        if places:
            data = self._feed_before(data, places)
        self._parse(memoryview(data))
        if not self.headers:  # a head has not got beyond its first lines
            line = begun + data
            self._line = line[line.rfind(b"\n") + 1 :][-SEEN_BYTES:]
        elif begun:
            self._line = b""

    def _feed_before(self, data: bytes, places: list[int]) -> bytes:
        """Parse up to each of these places and refuse where it is a request's line; says what is left."""
        seen, fed = self._line + data, 0
        if len(places) > _MOST_NAMES:
            raise httptools.HttpParserError("too many names of other protocols")
        for place in places:
            end = max(0, place - len(self._line))
            self._parse(memoryview(data)[fed:end])
            fed = end
            if not self.headers and is_request_line(seen[max(0, place - SEEN_BYTES) : place], self.url):
                raise httptools.HttpParserError("another protocol")
        return data[fed:]

    def _parse(self, rest: memoryview) -> None:
        while rest:
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as offer:
                rest = rest[offer.args[0] :]
                self._read_without_offer()
            else:
                return

    def _read_without_offer(self) -> None:
        former = self.parser
        head = framing_of(former.get_http_version(), former.get_method(), self.headers)
        self.offering = False
        self.parser = httptools.HttpRequestParser(_Behind(self))
        self.parser.set_dangerous_leniencies(lenient_version=True, lenient_data_after_close=True)  # as the first
        self.parser.feed_data(head)


class _Behind:
    """Tells a protocol of everything but the lines of the first head."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._begun = False
        self.on_body = protocol.on_body
        self.on_chunk_header = protocol.on_chunk_header
        self.on_message_complete = protocol.on_message_complete

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self._begun:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        if self._begun:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of the header."""
        if self._begun:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        """A request can be handed on."""
        self._begun = True
        self._protocol.on_headers_complete()
