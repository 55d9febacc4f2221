"""The power cut, by replay: nothing that a client was told is lost with `power`, and with `process` the end is.

A server runs under strace(1) in three lives: one ends well, one is killed, and checkpoints happen in between. From
the record the files are rebuilt as a disk may have them after a power cut at many moments (replay.py). Each must be
sound for `switchboard check` and for Python's own SQLite, and is held against what clients had been told by then.
Some are given to a server, which must start and know the users and their tokens.

With `--durability process` the same must find that told messages are lost, or it would find nothing. What is left
must be a beginning of every conversation. `switchboard restore` is cut at every moment, too.
"""

import asyncio
import collections
import os
import random
import re
import subprocess
import tempfile
import time

from members import (
    DATABASE, DEAD, PATIENCE, SERVER, Lost, Member, Server, Told, log_in, read, register, request,
)
from replay import STRACE, Record

NAMES = "ada", "bob", "kim"
SPEAKS_WEBSOCKET_CHAT = {"ada": True, "bob": True, "kim": False}
# Messages of each connection in each life.
LIVES = 15, 300, 15
# The life that is killed. It writes enough for a checkpoint before that, which is at 1,000 pages.
KILLED = 1
LONG = 4_500  # characters of its texts
WINDOW = 4
CUTS = {"power": 300, "process": 100}
# Of a restore, at each moment.
IMAGES = 4
# Each image of a server is checked, and one of this many is given to a server.
STARTED = 10

TEXT = re.compile(rb'"content":"(\w+>\w+#[^"]*)"')
REGISTERED = re.compile(rb'User registered successfully","user":\{"id":"[^"]*","username":"(\w+)"')
TOKEN = re.compile(rb'"session_token":"([0-9a-f]{64})"')


def told_until(sockets, sent):
    """What clients had been told at a cut, by the bytes that were written to them."""
    told = Told()
    told.sent = sent
    for stream in sockets.values():
        told.views.append([text.decode() for text in TEXT.findall(stream)])
        told.registered |= {name.decode() for name in REGISTERED.findall(stream)}
        told.tokens |= {token.decode() for token in TOKEN.findall(stream)}
    return told


class Story:
    """Three lives of a server under strace."""

    def __init__(self, folder, durability):
        self.folder, self.durability = folder, durability
        self.record, self.tokens, self.sent = Record(folder), {}, []
        # Pages that went into the database in the life that is killed.
        self.checkpointed = 0

    async def play(self):
        for life, count in enumerate(LIVES):
            with tempfile.TemporaryDirectory() as elsewhere:
                trace = f"{elsewhere}/trace"
                flags = "--durability", self.durability
                server = Server(self.folder, *flags, before=[*STRACE, trace])
                try:
                    await self.live(life, count, server)
                finally:
                    server.kill()
                    server.process.wait()
                before = len(self.record.changes)
                self.record.add(finished(trace, server.process.pid))
                if life == KILLED:
                    changes = self.record.changes[before:]
                    self.checkpointed = sum(kind == "write" and what[0][1] == DATABASE for _, kind, *what in changes)
        return read(self.folder)

    async def live(self, life, count, server):
        address = await server.address()
        for name in NAMES if life == 0 else (f"late_{life}",):
            await register(address, name)
            self.tokens[name] = await log_in(address, name)
        crowd = [Member(name, self.tokens[name], SPEAKS_WEBSOCKET_CHAT[name]) for name in NAMES]
        self.sent += [member.sent for member in crowd]
        for member in crowd:
            await member.enter(address)
        is_killed = life == KILLED
        left = [count * len(crowd) * 3 // 4 if is_killed else -1]
        await asyncio.gather(*(chat(member, life, count, server, left) for member in crowd))
        if not is_killed:
            await server.end()


async def chat(member, life, count, server, left):
    """Sends messages, and reads until they are told. `left` counts the messages until the server is killed."""
    others = [name for name in NAMES if name != member.name]
    padding = " " + "x" * LONG if life == KILLED else ""
    try:
        while len(member.sent) < count:
            for _ in range(min(WINDOW, count - len(member.sent))):
                number = len(member.sent)
                to = others[number % 2] if member.speaks_websocket_chat and number % 3 == 0 else "all"
                await member.say(f"{member.name}>{to}#{life}-{number}{padding}")
            waiting = set(member.sent) - set(member.view)
            while waiting:
                heard = await member.hear()
                assert heard is not None, member.errors
                waiting.discard(heard)
                left[0] -= heard in member.sent
                if left[0] == 0:
                    server.kill()
    except DEAD:
        assert life == KILLED, "it has died by itself"


def finished(trace, pid):
    """The lines of strace, once it has written all of them."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with open(trace) as file:
            lines = file.readlines()
        if any(re.match(rf"{pid} +\+\+\+ (exited|killed)", line) for line in lines):
            return lines
        assert time.monotonic() < deadline, "strace has not finished"
        time.sleep(0.05)


def is_sound(image):
    """Whether there is a database. If there is one, the check must find it sound."""
    done = subprocess.run([SERVER, "check", "--data", image], capture_output=True, text=True)
    if done.returncode != 0 and "there is no database" in done.stderr:
        return False
    assert done.returncode == 0 and " is sound" in done.stdout, f"check: {done.stdout}{done.stderr}"
    return True


async def start(image, told, durability):
    """A server that starts there, as after the power is back."""
    server = Server(image, "--durability", durability)
    try:
        address = await server.address()
        for name in told.registered:
            await log_in(address, name)
        for token in told.tokens:
            await request(address, "GET", "/users", token)
        await register(address, "zoe")
        await server.end()
    finally:
        server.kill()


async def judge(image, told, last, durability, is_started):
    """Raises Lost if something that clients were told is not there, and other errors if it is worse."""
    with_database = is_sound(image)
    stored, users = read(image) if with_database else ({}, set())
    for conversation, texts in stored.items():
        assert texts == last[conversation][: len(texts)], f"{conversation} is no beginning of what was said"
    told.hold_against(stored, users)
    if is_started:
        await start(image, told, durability)


async def cut(durability, dice):
    """Records a story, and cuts it at many moments. Returns a line about it."""
    with tempfile.TemporaryDirectory() as folder:
        story = Story(folder, durability)
        last, _ = await story.play()
    assert story.checkpointed > 0, "there was no checkpoint under load"
    cuts = lost = most = 0
    for disk, sockets, moment in story.record.cuts(story.record.moments(dice, CUTS[durability])):
        told = told_until(sockets, story.sent)
        most = max(most, len(told.messages()))
        with tempfile.TemporaryDirectory() as image:
            disk.after_a_cut(dice, image)
            try:
                await judge(image, told, last, durability, cuts % STARTED == 0)
            except Lost as what:
                lost += 1
                assert durability == "process", f"after change {moment}: {what} is lost"
            except AssertionError as what:
                raise AssertionError(f"after change {moment} of {len(story.record.changes)}: {what}") from what
        cuts += 1
    assert most > sum(LIVES), f"clients were told only {most} messages"
    return f"{durability}: {len(story.record.changes)} changes, {most} messages told, {cuts} cuts, {lost} with a loss", lost


async def restore(dice):
    """Cuts the power while `switchboard restore` works, at every moment: there is the old database or the backup,
    whole, and the backup if the tool has said so. The old one is a killed server's, with a log beside it."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as elsewhere:
        backup, trace = f"{elsewhere}/backup.db", f"{elsewhere}/trace"
        server = Server(folder)
        try:
            address = await server.address()
            await register(address, "ada")
            ada = Member("ada", await log_in(address, "ada"), True)
            await ada.enter(address)
            await ada.says("ada>all#1")
            subprocess.run([SERVER, "backup", backup, "--data", folder], check=True, stdout=subprocess.DEVNULL)
            await ada.says("ada>all#2")
        finally:
            server.kill()
            server.process.wait()
        old, new = {"all": ["ada>all#1", "ada>all#2"]}, {"all": ["ada>all#1"]}
        record = Record(folder)
        tool = subprocess.Popen([*STRACE, trace, SERVER, "restore", backup, "--data", folder], stdout=subprocess.DEVNULL)
        assert tool.wait(PATIENCE) == 0
        record.add(finished(trace, tool.pid))
    seen = collections.Counter()
    for disk, sockets, moment in record.cuts(range(len(record.changes) + 1)):
        for _ in range(IMAGES):
            with tempfile.TemporaryDirectory() as image:
                disk.after_a_cut(dice, image)
                assert is_sound(image), f"restore: nothing is there after change {moment}"
                stored, users = read(image)
            assert stored in (old, new) and users == {"ada"}, f"restore: after change {moment} there is {stored}"
            is_told = any(sockets.values())
            assert stored == new or not is_told, "what the tool has said is not so"
            seen["new" if stored == new else "old", is_told] += 1
    assert len(seen) == 3, f"not everything was seen: {seen}"
    return f"restore: {len(record.changes)} changes, {seen.total()} disks, {seen['old', False]} with the old database"


async def main():
    seed = int(os.environ.get("SEED") or int.from_bytes(os.urandom(4)))
    dice = random.Random(seed)
    print(f"power: SEED={seed}")
    for durability in CUTS:
        line, lost = await cut(durability, dice)
        print(f"power: {line}")
    print(f"power: {await restore(dice)}")
    assert lost > 0, "not even `process` has lost anything: this test finds nothing"


asyncio.run(main())
