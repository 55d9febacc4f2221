"""Runs the example client (src/dialects/client.py) against the server, and checks what it shows.

Each function is one claim. The client's waits are shortened; what they are made of is not.
"""

import asyncio
import json
import os
import pathlib
import re
import signal
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src/dialects"))
import client as example  # noqa: E402 (its folder has to be known first)

ANN, BOB = "0012345678", "0087654321"
PATIENCE = 20


class Server:
    """The server on one port, which can be stopped and started again."""

    def __init__(self, *flags):
        self.flags, self.address = flags, "127.0.0.1:0"

    async def start(self):
        command = [os.environ["SWITCHBOARD_BIN"], "--listen", self.address, *self.flags]
        self.process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        line = (await asyncio.wait_for(self.process.stderr.readline(), PATIENCE)).decode()
        self.address = re.search(r"http://([\d.:]+)", line)[1]
        self.rest = asyncio.ensure_future(self.process.stderr.read())

    async def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(self.process.wait(), PATIENCE) == 0
        await self.rest

    async def __aenter__(self):
        await self.start()
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
            await self.rest


class Person:
    """A client, and what it has shown."""

    def __init__(self, number, server):
        self.shown, self.changed = [], asyncio.Event()
        self.client = example.Client(number, server.address, self.show)
        self.running = asyncio.ensure_future(self.client.run())

    def show(self, line):
        self.shown.append(line)
        self.changed.set()

    async def until(self, holds, what):
        async def wait():
            while not holds():
                self.changed.clear()
                try:
                    await asyncio.wait_for(self.changed.wait(), 0.05)
                except asyncio.TimeoutError:
                    pass

        try:
            await asyncio.wait_for(wait(), PATIENCE)
        except asyncio.TimeoutError:
            raise AssertionError(f"never {what}; shown: {self.shown}") from None

    async def connected(self):
        await self.until(lambda: self.client.is_ready, "connected")

    async def shows(self, line):
        await self.until(lambda: line in self.shown, f"shows {line!r}")

    async def leave(self):
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


async def a_message_arrives_once_and_is_acknowledged():
    async with Server() as server:
        ann, bob = Person(ANN, server), Person(BOB, server)
        await ann.connected()
        await bob.connected()
        id = ann.client.say(BOB, "hello \U0001f600")
        await bob.shows(f"{ANN}: hello \U0001f600")
        await ann.shows(f"{id}: delivered")
        # A client that did not hear the answer sends it again, and the recipient does not show it again.
        for _ in range(2):
            ann.client.send({"type": "message", "to": BOB, "text": "hello \U0001f600", "id": id})
        id = ann.client.say(BOB, "the end")
        await bob.shows(f"{ANN}: the end")
        assert bob.shown == [f"{ANN}: hello \U0001f600", f"{ANN}: the end"], bob.shown
        await ann.leave()
        await bob.leave()


async def a_restart_loses_no_message_and_shows_none_twice():
    async with Server() as server:
        ann, bob = Person(ANN, server), Person(BOB, server)
        await ann.connected()
        await bob.connected()
        await server.stop()
        await ann.until(lambda: not ann.client.is_ready, "disconnected")
        assert any(line.startswith("closed: 1001 ") for line in ann.shown), ann.shown
        await bob.leave()
        ids = [ann.client.say(BOB, f"n {n}") for n in range(3)]
        await server.start()
        # Ann is back before Bob: the answer is `offline`, and the messages wait.
        await ann.connected()
        again = Person(BOB, server)
        for n, id in enumerate(ids):
            await ann.shows(f"{id}: delivered")
            await again.shows(f"{ANN}: n {n}")
        assert again.shown == [f"{ANN}: n {n}" for n in range(3)], again.shown
        assert not ann.client.pending
        await ann.leave()
        await again.leave()


async def a_backlog_is_sent_again_without_exceeding_the_rate():
    """All at once, they would be over the burst and its quarter (500): 1008 at every attempt, for ever."""
    backlog = 600
    async with Server() as server:
        ann = Person(ANN, server)
        await ann.connected()
        for n in range(backlog):
            ann.client.say(BOB, f"n {n}")
        await server.stop()
        await ann.until(lambda: not ann.client.is_ready, "disconnected")
        await server.start()
        bob = Person(BOB, server)
        await ann.until(lambda: not ann.client.pending, "rid of its backlog")
        await bob.until(lambda: len(bob.shown) >= backlog, "shows all")
        texts = [line for line in bob.shown if line.startswith(f"{ANN}: ")]
        assert texts == [f"{ANN}: n {n}" for n in range(backlog)], texts
        assert not any("1008" in line or "message_rate" in line for line in ann.shown), ann.shown
        await ann.leave()
        await bob.leave()


async def an_error_ends_the_message_that_caused_it_and_no_other():
    async with Server() as server:
        ann, bob = Person(ANN, server), Person(BOB, server)
        await ann.connected()
        await bob.connected()
        wrong = ann.client.say("12", "hello")
        right = ann.client.say(BOB, "hello")
        await ann.shows(f"{wrong}: refused (bad_to): to must be a mobile number: a string of 10 to 32 digits")
        await ann.shows(f"{right}: delivered")
        half = ann.client.say(BOB, "\ud800")
        await ann.shows(f"{half}: refused (lone_surrogate): a string must not have an unpaired surrogate")
        await ann.leave()
        await bob.leave()


async def the_older_of_two_gives_way_and_does_not_come_back():
    async with Server() as server:
        older = Person(ANN, server)
        await older.connected()
        newer = Person(ANN, server)
        await newer.connected()
        await asyncio.wait_for(older.running, PATIENCE)
        assert older.shown == ["ended: closed: 4000 replaced by a newer connection"], older.shown
        assert newer.client.is_ready and newer.shown == []
        await newer.leave()


async def a_refusal_for_good_is_obeyed():
    async with Server() as server:
        nobody = Person("12", server)
        await asyncio.wait_for(nobody.running, PATIENCE)
        assert nobody.shown == ["ended: refused: HTTP 400"], nobody.shown


async def a_refusal_for_now_is_waited_for():
    """429 and 503 say how long, and each wait has a random part on top."""
    async with Server("--connection-rate-per-address", "1/1h:1", "--trusted-proxy", "127.0.0.1") as server:
        head = f"GET /ws/{ANN} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        head += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
        host, port = server.address.rsplit(":", 1)
        ends = []
        for _ in range(2):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(head.encode())
            ends.append(asyncio.StreamReader())
            ends[-1].feed_data(await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE))
            writer.close()
        person = example.Client(ANN, server.address)
        person.writer = type("Writer", (), {"write": lambda self, data: None})()
        await person.upgrade(ends[0])
        try:
            await person.upgrade(ends[1])
        except example.Ended as ended:
            assert str(ended) == "refused: HTTP 429" and not ended.final and ended.wait > 1000, ended.wait
        else:
            raise AssertionError("the second connection is not refused")


async def a_close_code_says_whether_to_come_back():
    """The table in CLIENTS.md is what the client does."""
    page = (ROOT / "src/dialects/CLIENTS.md").read_text()
    rows = re.findall(r"^\| (\d{4}) \| .*? \| (come back|stop)", page, re.M)
    assert len(rows) >= 12, rows
    person = example.Client(ANN, "")
    for code, advice in rows:
        ended = person.closed(int(code).to_bytes(2, "big") + b"why")
        assert ended.final == (advice == "stop"), code
    assert person.closed((1001).to_bytes(2, "big") + b"bye retry_after_ms=2500").wait == 2.5
    assert not person.closed(b"").final
    rows = re.findall(r"^\| (\d{3}(?:, \d{3})*) \| .*? \| (come back|stop)", page, re.M)
    assert len(rows) >= 4, rows
    for statuses, advice in rows:
        for status in statuses.split(", "):
            reader = asyncio.StreamReader()
            reader.feed_data(f"HTTP/1.1 {status} x\r\nRetry-After: 7\r\n\r\n".encode())
            person.writer = type("Writer", (), {"write": lambda self, data: None})()
            try:
                await person.upgrade(reader)
            except example.Ended as ended:
                assert (ended.final, ended.wait) == (advice == "stop", 7.0), status


async def main():
    example.FIRST_WAIT = 0.05
    claims = [claim for name, claim in globals().items() if asyncio.iscoroutinefunction(claim) and name != "main"]
    for claim in claims:
        try:
            await claim()
        except BaseException:
            print(f"client: {claim.__name__} does not hold")
            raise
    print(f"client: all {len(claims)} claims hold")


asyncio.run(main())
