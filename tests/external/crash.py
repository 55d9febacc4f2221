"""100 × kill -9 in one folder, under load. What any client was told is stored once, and in order.

Every life of the server ends after some number of messages that its clients are told, or of answers of 200. The
client that counts to that number kills it, while all the others have something under way. Some starts are killed,
too. After each life Python's own SQLite reads the database, and it is held against all that clients were told
in that life; at the end against everything.
"""

import asyncio
import contextlib
import os
import random
import tempfile
import time

from members import DEAD, Member, Refused, Server, Told, log_in, read, register, request

LIVES = 100
NAMES = "ada", "bob", "eve", "kim"
# The user of each connection, and whether it speaks WebSocket Chat (or Chatterbox).
CONNECTIONS = ("ada", True), ("ada", False), ("bob", True), ("bob", True), ("eve", True), ("kim", False)
WINDOW = 5  # messages that a connection has under way
TEXTS = 150  # the most that a connection sends in a life
RECENT = 50  # the global messages that a newcomer gets
STARTS_KILLED = 0.1  # of the lives, before the life
START_TAKES = 0.05  # seconds, about


class Life:
    """From one start of the server to its death."""

    def __init__(self, number, dice, address, server):
        self.number, self.dice, self.address, self.server = number, dice, address, server
        self.told = Told()
        # What is still to happen before the server is killed. Only one of the two is counted.
        if number % 2:
            self.left = {"messages": dice.randint(1, dice.choice((3, 30, 300))), "answers": -1}
        else:
            self.left = {"messages": -1, "answers": dice.randint(1, 5)}

    def counts(self, what):
        self.left[what] -= 1
        if self.left[what] == 0:
            self.server.kill()

    async def chat(self, place, member):
        """Writes and reads until the server is dead."""
        others = [name for name in NAMES if name != member.name]
        while True:
            for _ in range(min(WINDOW, TEXTS - len(member.sent))):
                private = member.speaks_websocket_chat and self.dice.random() < 0.5
                to = self.dice.choice(others) if private else "all"
                # What a dead server has said before can still be read.
                with contextlib.suppress(*DEAD):
                    await member.say(f"{member.name}>{to}#{self.number}-{place}-{len(member.sent)}")
            waiting = set(member.sent) - set(member.view)
            while waiting or len(member.sent) == TEXTS:
                try:
                    heard = await member.hear()
                except DEAD:
                    return
                assert heard is not None, member.errors
                waiting.discard(heard)
                self.counts("messages")

    async def register_users(self):
        """Registers one user after the other, logs each in, and some out, until the server is dead."""
        told = self.told
        with contextlib.suppress(*DEAD):
            for number in range(1_000_000):
                name = f"user_{self.number}_{number}"
                await register(self.address, name)
                told.registered.add(name)
                self.counts("answers")
                token = await log_in(self.address, name)
                self.counts("answers")
                if number % 2:
                    told.tokens.add(token)
                else:
                    await request(self.address, "POST", "/logout", token)
                    told.logged_out.add(token)
                    self.counts("answers")

    async def live(self, tokens):
        crowd = [Member(name, tokens[name], speaks) for name, speaks in CONNECTIONS]
        for member in crowd:
            await member.enter(self.address)
        await asyncio.gather(self.register_users(), *(self.chat(*one) for one in enumerate(crowd)))
        self.told.views = [member.view for member in crowd]
        self.told.sent = [member.sent for member in crowd]


async def expect_as_before(address, ada, stored, life):
    """A server that has just started knows what clients were told in the life before."""
    recent = stored.get("all", [])[-RECENT:]
    page = await request(address, "GET", "/messages/global", ada)
    assert [message["content"] for message in page] == recent, f"{page} is not what is stored"
    for name in life.registered:
        await log_in(address, name)
    for token in life.tokens:
        member = Member("", token, speaks_websocket_chat=False)
        await member.enter(address)
        assert member.view == recent, f"{member.view} is not what is stored"
        await member.socket.close()
    for token in life.logged_out:
        try:
            await request(address, "GET", "/users", token)
            raise AssertionError("a logout was forgotten")
        except Refused as refused:
            assert refused.status == 401, refused


async def main():
    seed = int(os.environ.get("SEED") or int.from_bytes(os.urandom(4)))
    dice = random.Random(seed)
    told, last, stored, tokens = Told(), Told(), {}, {}
    print(f"crash: SEED={seed}")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(LIVES):
            flags = "--durability", dice.choice(("power", "process"))
            if dice.random() < STARTS_KILLED:
                # It gets as far as it gets.
                start = Server(folder, *flags)
                time.sleep(dice.random() * START_TAKES)
                start.kill()
                start.process.wait()
            server = Server(folder, *flags)
            try:
                address = await server.address()
                if not tokens:
                    for name in NAMES:
                        await register(address, name)
                        tokens[name] = await log_in(address, name)
                await expect_as_before(address, tokens["ada"], stored, last)
                life = Life(number, dice, address, server)
                await life.live(tokens)
            finally:
                server.kill()
                server.process.wait()
            stored, users = read(folder)
            last = life.told
            told.add(last)
            # What other lives have sent is in the database, too.
            last.hold_against(stored, users, sent=told.sent)
        server = Server(folder)
        await expect_as_before(await server.address(), tokens["ada"], stored, last)
        await server.end()
        stored, users = read(folder)
        told.hold_against(stored, users)
    count = sum(map(len, stored.values()))
    assert len(told.messages()) > LIVES and len(told.logged_out) > LIVES / 4, "there was no load"
    print(
        f"crash: {LIVES} x kill -9: {len(told.messages())} messages, {len(told.registered)} users and "
        f"{len(told.logged_out)} logouts were told, and are stored; {count} messages are stored in all"
    )


asyncio.run(main())
