"""HTTPS clients that never give up: a write is sent under one Idempotency-Key until its outcome is known."""
import asyncio
import json
import ssl
import time
import urllib.parse

# What says nothing of the outcome, or that the request has to be sent again.
AGAIN = {408, 429, 500, 502, 503, 504}
AGAIN_CODES = {"idempotency_running"}
DEADLINE = 90  # seconds until an outcome has to be known, kills and restarts included
ANSWER = 20    # seconds for one answer


class Hang(Exception):
    """No outcome within the deadline: nobody may have to wait so long."""


class Answer:
    def __init__(self, status, headers, body, sent, attempts):
        self.status, self.headers, self.body, self.sent, self.attempts = status, headers, body, sent, attempts
        self.got = time.time()

    @property
    def code(self):
        return self.body.get("code") if self.status >= 400 and isinstance(self.body, dict) else None


class Client:
    """One keep-alive connection, made anew when it breaks."""

    def __init__(self, stack, token, rng, gate=None):
        url = urllib.parse.urlsplit(stack.url)
        self.host, self.port, self.token, self.rng = url.hostname, url.port, token, rng
        self.context = context_of(stack)
        self.gate = gate or asyncio.Semaphore(1)
        self.streams = None

    async def open(self):
        if not self.streams:
            async with self.gate:
                self.streams = await asyncio.wait_for(asyncio.open_connection(self.host, self.port, ssl=self.context), 30)
        return self.streams

    def close(self):
        if self.streams:
            self.streams[1].transport.abort()
            self.streams = None

    async def once(self, method, path, body, key):
        """(status, headers, body) of one try; OSError, EOFError or a time-out when there is no answer."""
        reader, writer = await self.open()
        data = json.dumps(body).encode() if body is not None else b""
        head = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"Authorization: Bearer {self.token}"]
        head += [f"Idempotency-Key: {key}"] if key else []
        head += ["Content-Type: application/json", f"Content-Length: {len(data)}"] if method != "GET" else []
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + data)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        content = await self.content(reader, headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(lines[0].split()[1]), headers, content

    @staticmethod
    async def content(reader, headers):
        if "chunked" not in headers.get("transfer-encoding", ""):
            return await reader.readexactly(int(headers.get("content-length", 0)))
        parts = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readline()
        return b"".join(parts)

    async def send(self, method, path, body=None, key=None):
        """The Answer, whatever breaks meanwhile. Without a key only what may be repeated may be sent."""
        sent, attempts = time.time(), []
        while True:
            try:
                status, headers, content = await asyncio.wait_for(self.once(method, path, body, key), ANSWER)
                attempts.append(status)
                parsed = json.loads(content) if content else None
                if status not in AGAIN and not (status >= 400 and parsed.get("code") in AGAIN_CODES):
                    return Answer(status, headers, parsed, sent, attempts)
            except (OSError, EOFError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
                attempts.append(type(error).__name__)
                self.close()
            if time.time() - sent > DEADLINE:
                raise Hang(f"{method} {path}: {attempts[-20:]}")
            await asyncio.sleep(self.rng.uniform(0.01, 0.1) * min(len(attempts), 5))


_contexts = {}


def context_of(stack):
    if stack.url not in _contexts:
        _contexts[stack.url] = ssl.create_default_context(cafile=str(stack.ca))
    return _contexts[stack.url]
