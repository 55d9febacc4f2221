"""A disk that is full, fails, or may only be read, and a database that another program locks.

What holds for all of them: a sender hears either that a message is stored or that it is not, in the words of its
protocol. What is told is stored, and nothing else is: nobody sees what was refused. Reading goes on, and so do the
other realms. A full disk and a lock heal by themselves; after a failed write a restart helps.

A disk cannot be made read-only while a server has files open on it for writing: the kernel refuses that. Where it
does so itself, after an error, each write fails with EROFS. strace(1) plays that, and a failed fsync.

Usage: disk.py FOLDER     (in a mount namespace of its own; the folder is where the disks are mounted)
"""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

from websockets.asyncio.client import connect

from members import (
    DATABASE, PATIENCE, SERVER, Member, Refused, Server, Told, credentials, log_in, read, register, request,
)

DISK = sys.argv[1]
SPEAKERS = ("ada", True), ("bob", False), ("kim", True)
ANN, BEN = "4915112345678", "4915187654321"
FULL = "the server's disk is full"
READ_ONLY = "the server's database is read-only"
FAILED = "the server's database has failed"
BALLAST = f"{DISK}/ballast"
# How often the disk fills up under load, and how many messages are refused and told each time, at least.
FILLINGS, REFUSED, HEARD = 20, 10, 30


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"


@contextlib.contextmanager
def new_disk():
    # The log alone grows to 4 MiB before its first checkpoint.
    run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", DISK)
    try:
        yield
    finally:
        run("umount", DISK)


def fill():
    """Writes until the disk is full, to the last byte."""
    with open(BALLAST, "ab", buffering=0) as ballast:
        for size in 65536, 4096, 1:
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError:
                pass


def empty():
    os.unlink(BALLAST)


class Chat:
    """A server on the disk, with members who speak both dialects, and two phones of another realm."""

    def __init__(self, server):
        self.server = server
        self.tokens, self.told, self.members, self.count = {}, Told(), [], 0

    async def begin(self):
        self.address = await self.server.address()
        for name, speaks_websocket_chat in SPEAKERS:
            await register(self.address, name)
            self.told.registered.add(name)
            self.tokens[name] = await log_in(self.address, name)
            self.members.append(Member(name, self.tokens[name], speaks_websocket_chat))
        for member in self.members:
            await member.enter(self.address)
            self.told.sent.append(member.sent)
            self.told.views.append(member.view)
        self.ann, self.ben = [
            await connect(f"ws://{self.address}/ws/{mobile}?presence=none", proxy=None) for mobile in (ANN, BEN)
        ]

    async def expect_logged(self, words, count):
        """This many lines of the log have these words. A line may be a moment behind the answer to a client."""
        def lines():
            return sum(words in line for line in self.server.lines().splitlines())

        await eventually(f"{count} x {words}", lambda: lines() >= count)
        assert lines() == count, self.server.lines()

    def text_of(self, member, to="all"):
        self.count += 1
        return f"{member.name}>{to}#{self.count}"

    async def says(self, member, to="all"):
        """Sends a text, and returns None if it is told, or the error."""
        text = self.text_of(member, to)
        await member.say(text)
        while (heard := await member.hear()) not in (text, None):
            pass
        if heard:
            return None
        self.told.refused.add(text)
        return member.errors[-1]

    async def all_hear(self):
        """Everybody can write, and all read on until they have heard it."""
        for member in self.members:
            assert (error := await self.says(member)) is None, error
            for other in self.members:
                while member.sent[-1] not in other.view:
                    assert await other.hear() is not None, other.errors

    async def expect_errors(self, why):
        """What each dialect, and HTTP, say if nothing can be stored. Reading goes on, and so do other realms."""
        await self.expect_messages_refused(why)
        await self.expect_status("/register", credentials("zoe"), why)
        await self.expect_reads()
        await self.expect_other_realms()

    async def expect_messages_refused(self, why):
        sentence = f"your message could not be stored: {why}"
        ada, bob, kim = self.members
        expected = {"type": "error", "detail": sentence}
        in_websocket_chat = expected | {"message": sentence}
        got = await asyncio.gather(self.says(ada), self.says(bob), self.says(kim, "ada"))
        assert got == [in_websocket_chat, expected, in_websocket_chat], got

    async def expect_status(self, path, body, why, may_be_late=False):
        try:
            page = await request(self.address, "POST", path, body=body)
            raise AssertionError(f"{path}: {page}")
        except Refused as refused:
            expected = [(503 if why == FAILED else 507, {"detail": f"nothing was stored: {why}"})]
            if may_be_late:
                expected.append((503, {"detail": "the store did not answer in time"}))
            assert (refused.status, refused.page) in expected, refused

    async def expect_ready(self, status, word, store):
        """What /ready says. The answer to a sender may be a moment ahead of it."""
        page = None

        async def is_so():
            nonlocal page
            try:
                page = 200, await request(self.address, "GET", "/ready")
            except Refused as refused:
                page = refused.status, refused.page
            return (page[0], page[1]["status"], page[1]["store"]) == (status, word, store)

        deadline = time.monotonic() + PATIENCE
        while not await is_so():
            assert status == 200 and time.monotonic() < deadline, page
            await asyncio.sleep(0.01)

    async def expect_reads(self):
        token = self.tokens["ada"]
        names = [user["username"] for user in await request(self.address, "GET", "/users", token)]
        assert names == [name for name, _ in SPEAKERS], names
        page = await request(self.address, "GET", "/messages/global", token)
        newcomer = Member("ada", token, False)
        await newcomer.enter(self.address)
        self.told.views += [[message["content"] for message in page], newcomer.view]
        await newcomer.socket.close()

    async def expect_other_realms(self):
        self.count += 1
        await self.ann.send(json.dumps({"type": "message", "to": BEN, "text": str(self.count)}))
        heard = json.loads(await asyncio.wait_for(self.ben.recv(), PATIENCE))
        assert heard == {"type": "message", "from": ANN, "text": str(self.count)}, heard

    async def expect_stored(self, in_doubt=False):
        """Ends the server. What was told is stored, and what was refused is not, unless that is in doubt."""
        await self.server.end()
        stored, users = read(DISK)
        self.told.hold_against(stored, users)
        there = {text for texts in stored.values() for text in texts}
        assert in_doubt or not self.told.refused & there, f"refused, and stored: {self.told.refused & there}"
        assert all(set(member.sent) <= there | self.told.refused for member in self.members), "neither told nor refused"
        return stored


@contextlib.asynccontextmanager
async def chatting():
    server = Server(DISK)
    try:
        chat = Chat(server)
        await chat.begin()
        yield chat
    finally:
        server.kill()
        server.process.wait()


async def eventually(what, holds):
    async def wait():
        while not holds():
            await asyncio.sleep(0.002)

    try:
        await asyncio.wait_for(wait(), PATIENCE)
    except TimeoutError:
        raise AssertionError(f"waited in vain: {what}") from None


async def a_full_disk_is_told_to_the_senders_alone_and_heals_when_there_is_room():
    async with chatting() as chat:
        await chat.all_hear()
        for turn in 1, 2:
            fill()
            # What the log has room for is stored.
            for _ in range(1_000):
                if await chat.says(chat.members[0]):
                    break
            await chat.expect_errors(FULL)
            await chat.expect_status("/login", credentials("ada"), FULL)
            # The store looks for room once a second. A small write may succeed now and then: that is no end.
            for _ in range(30):
                await chat.says(chat.members[turn])
                await chat.expect_ready(503, "store", "full")
                await asyncio.sleep(0.1)
            empty()
            await chat.all_hear()
            await chat.expect_ready(200, "ready", "ok")
            await chat.expect_logged("the disk of the store is full", turn)
            await chat.expect_logged("the store is well again", turn)
        await register(chat.address, "zoe")
        chat.told.registered.add("zoe")
        await log_in(chat.address, "zoe")
        await chat.expect_stored()
        await chat.expect_logged("the store is well again", turn)


async def a_disk_that_fills_up_again_and_again_under_load_loses_nothing_that_was_told():
    async with chatting() as chat:
        is_over = False

        async def write(member):
            while not is_over:
                await chat.says(member)

        async def fill_and_empty():
            for number in range(FILLINGS):
                refused, view = len(chat.told.refused), chat.members[0].view
                fill()
                await eventually("refusals", lambda: len(chat.told.refused) >= refused + REFUSED)
                heard = len(view)
                empty()
                await eventually("messages", lambda: len(view) >= heard + HEARD)

        writing = [asyncio.create_task(write(member)) for member in chat.members]
        await fill_and_empty()
        is_over = True
        await asyncio.gather(*writing)
        await chat.all_hear()
        await chat.expect_stored()


async def a_database_that_another_program_locks_is_read_only_until_that_ends():
    async with chatting() as chat:
        await chat.all_hear()
        for turn in 1, 2:
            other = sqlite3.connect(f"{DISK}/{DATABASE}", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            # SQLite waits for 5 s, and for the next transaction again. Where upkeep waits first, a request has waited
            # for 10 s, and is given up.
            await chat.expect_status("/register", credentials(f"zoe_{turn}"), READ_ONLY, may_be_late=True)
            await chat.expect_messages_refused(READ_ONLY)
            other.execute("ROLLBACK")
            other.close()
            await chat.all_hear()
            await chat.expect_logged("the store's database is read-only", turn)
            await chat.expect_logged("the store is well again", turn)
        await chat.expect_stored()


@contextlib.asynccontextmanager
async def failing(server, call, error):
    """Lets all calls of a name fail in the server."""
    pid = server.process.pid
    command = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}", "-p"]
    strace = subprocess.Popen([*command, str(pid)], stderr=subprocess.DEVNULL)

    def is_traced():
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/status") as status:
                if "TracerPid:\t0\n" in status.read():
                    return False
        return True

    try:
        await eventually("strace", is_traced)
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait(PATIENCE)


async def a_disk_that_fails(call, error):
    async with chatting() as chat:
        await chat.all_hear()
        async with failing(chat.server, call, error):
            await chat.expect_errors(FAILED)
        # The disk is well again, but what it holds is known only to a new process.
        await chat.expect_errors(FAILED)
        await chat.expect_logged("the store's disk failed, or its database was moved away: nothing is stored until a restart", 1)
        # A commit that failed may have reached the disk.
        stored = await chat.expect_stored(in_doubt=True)
        server = Server(DISK)
        address = await server.address()
        page = await request(address, "GET", "/messages/global", chat.tokens["ada"])
        assert [message["content"] for message in page] == stored["all"], page
        ada = Member("ada", await log_in(address, "ada"), False)
        await ada.enter(address)
        await ada.says("ada>all#0")
        await server.end()


async def a_write_that_fails_as_on_a_disk_that_became_read_only_ends_all_writing_until_a_restart():
    await a_disk_that_fails("pwrite64", "EROFS")


async def a_sync_that_fails_ends_all_writing_until_a_restart():
    await a_disk_that_fails("fsync,fdatasync", "EIO")


def expect_no_start(words):
    done = subprocess.run(
        [SERVER, "--listen", "127.0.0.1:0", "--data", DISK], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 1 and done.stderr == f"switchboard: {words}\n", f"{done.returncode}: {done.stderr}"


async def a_start_on_a_disk_that_is_full_or_read_only_says_so_and_changes_nothing():
    async with chatting() as chat:
        await chat.all_hear()
        stored = await chat.expect_stored()
        fill()
        expect_no_start(f"{DISK}/{DATABASE} cannot be used: the disk is full")
        empty()
        run("mount", "-o", "remount,ro", DISK)
        expect_no_start(f"{DISK} cannot be written: Read-only file system (os error 30)")
        run(SERVER, "check", "--data", DISK)
        run("mount", "-o", "remount,rw", DISK)
        server = Server(DISK)
        address = await server.address()
        page = await request(address, "GET", "/messages/global", chat.tokens["ada"])
        assert [message["content"] for message in page] == stored["all"], page
        await server.end()
        fill_anew()
        expect_no_start(f"{DISK}/{DATABASE} cannot be used: the disk is full")


def fill_anew():
    """Empties the disk of everything, and fills it."""
    for name in os.listdir(DISK):
        os.unlink(f"{DISK}/{name}")
    fill()


async def main():
    for claim in (
        a_full_disk_is_told_to_the_senders_alone_and_heals_when_there_is_room,
        a_disk_that_fills_up_again_and_again_under_load_loses_nothing_that_was_told,
        a_database_that_another_program_locks_is_read_only_until_that_ends,
        a_write_that_fails_as_on_a_disk_that_became_read_only_ends_all_writing_until_a_restart,
        a_sync_that_fails_ends_all_writing_until_a_restart,
        a_start_on_a_disk_that_is_full_or_read_only_says_so_and_changes_nothing,
    ):
        with new_disk():
            await claim()
        print(f"disk: {claim.__name__.replace('_', ' ')}")


asyncio.run(main())
