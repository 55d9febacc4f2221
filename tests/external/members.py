"""Members of the account realm, what they were told, and what the database has: for crash, power and disk.

Each text is unique and says what it is: `ada>all#17` is a text of ada to everybody, `ada>bob#18` a private one. A
*view* is the list of texts that one connection was sent, in order, its history included. What stands in a view was
*told*. Told holds the views against the database, which Python's own SQLite reads.
"""

import asyncio
import collections
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

SERVER = os.environ["SWITCHBOARD_BIN"]
PATIENCE = 60  # seconds, far longer than anything takes
PASSWORD = "correct horse"
DATABASE = "switchboard.db"

# A part that takes too long is ended by `timeout`. Its server must not live on, nor its last words be lost.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("it took too long"))
sys.stdout.reconfigure(line_buffering=True)

ROWS = """
    SELECT message.id >> 32, message.id & 0xffffffff, sender.name, message.text, low.name, high.name
    FROM messages AS message
    JOIN conversations AS conversation ON conversation.key = message.id >> 32
    JOIN users AS sender ON sender.key = message.sender
    LEFT JOIN users AS low ON low.key = conversation.low
    LEFT JOIN users AS high ON high.key = conversation.high
    ORDER BY message.id
"""


def conversation_of(text):
    sender, recipient = re.match(r"(\w+)>(\w+)#", text).groups()
    return "all" if recipient == "all" else "+".join(sorted((sender, recipient)))


def read(folder):
    """Returns the texts of each conversation, and the names of the users, of a folder that nobody uses.

    A copy is read, because SQLite would tidy up the original."""
    with tempfile.TemporaryDirectory() as copy:
        for name in DATABASE, f"{DATABASE}-wal", f"{DATABASE}-journal":
            if os.path.exists(f"{folder}/{name}"):
                shutil.copy(f"{folder}/{name}", copy)
        with sqlite3.connect(f"{copy}/{DATABASE}") as database:
            (said,) = database.execute("PRAGMA integrity_check").fetchone()
            assert said == "ok", said
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'marks'").fetchone():
                return {}, set()
            stored = collections.defaultdict(list)
            for key, seq, sender, text, low, high in database.execute(ROWS):
                conversation = "all" if key == 0 else "+".join(sorted((low, high)))
                assert conversation == conversation_of(text), text
                assert text.startswith(f"{sender}>"), text
                stored[conversation].append(text)
                assert seq == len(stored[conversation]), f"{conversation} has a gap before {seq}"
            users = {name for (name,) in database.execute("SELECT name FROM users WHERE password IS NOT NULL")}
        database.close()
    return stored, users


class Lost(AssertionError):
    """Something that a client was told is not in the database."""


class Told:
    """What clients were told and have sent, in all lives of a server."""

    def __init__(self):
        self.views = []
        # For each connection the texts that it sent, in order.
        self.sent = []
        # Name by name, and token by token, what a 200 has said.
        self.registered = set()
        self.tokens = set()
        self.logged_out = set()
        # Texts whose sender was told that they could not be stored.
        self.refused = set()

    def messages(self):
        return {text for view in self.views for text in view}

    def add(self, other):
        self.views += other.views
        self.sent += other.sent
        self.registered |= other.registered
        self.tokens |= other.tokens
        self.logged_out |= other.logged_out

    def hold_against(self, stored, users, sent=None):
        """Raises an AssertionError if the database breaks a law: Lost if something told is not there.

        `sent` is what may be in it, if that is more than what is known here."""
        rows = [text for texts in stored.values() for text in texts]
        there = set(rows)
        assert len(there) == len(rows), "something is stored twice"
        unsent = there.difference(*(sent or self.sent))
        assert not unsent, f"nobody has sent {unsent}"
        if lost := self.registered - users:
            raise Lost(f"the users {lost}")
        for view in self.views:
            slices = collections.defaultdict(list)
            for text in view:
                slices[conversation_of(text)].append(text)
            for conversation, texts in slices.items():
                hold_slice_against(texts, stored.get(conversation, []), conversation)
        for texts in self.sent:
            # A connection is read in order, and the store works in order.
            stored_here = [text in there for text in texts if text not in self.refused]
            assert stored_here == sorted(stored_here, reverse=True), "stored without what was sent before it"


def hold_slice_against(texts, rows, conversation):
    """A view has a slice of each conversation: none twice, none missing between its first and its last."""
    if lost := set(texts) - set(rows):
        raise Lost(f"{len(lost)} messages, one of them {min(lost)}")
    first = rows.index(texts[0])
    heard = rows[first : first + len(texts)]
    assert heard == texts, f"{conversation}: a client heard {texts}, and the store has {heard}"


class Server:
    """A server with a folder."""

    def __init__(self, folder, *flags, before=()):
        self.log = tempfile.NamedTemporaryFile("w+", suffix=".log")
        command = [*before, SERVER, "--listen", "127.0.0.1:0", "--data", folder, "--message-rate", "off", *flags]
        self.process = subprocess.Popen(command, stderr=self.log)

    async def address(self):
        """Waits until it listens, and returns its address."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(r"listening on http://(\S+) ", self.lines())):
            assert self.process.poll() is None, f"it did not start: {self.lines()}"
            assert time.monotonic() < deadline, f"it does not listen: {self.lines()}"
            await asyncio.sleep(0.002)
        return found[1]

    def lines(self):
        with open(self.log.name) as log:
            return log.read()

    def kill(self):
        self.process.kill()

    async def end(self):
        """Ends it in good order. Its clients answer its close frames meanwhile."""
        self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end: {self.lines()}"
            await asyncio.sleep(0.005)
        assert self.process.returncode == 0, self.lines()


class Refused(Exception):
    """An answer that is not 200."""

    def __init__(self, status, page):
        super().__init__(status, page)
        self.status, self.page = status, page


async def request(address, method, path, token=None, body=None):
    """Sends a request on a connection of its own, and returns the page of a 200. EOFError: there was no answer."""
    reader, writer = await asyncio.open_connection(*address.split(":"))
    try:
        body = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        head += f"Authorization: Bearer {token}\r\n" if token else ""
        writer.write(head.encode() + b"\r\n" + body)
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
        if not answer:
            raise EOFError
        head, _, page = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)^content-length: (\d+)\r?$", head, re.MULTILINE)
        if not length or len(page) < int(length[1]):
            raise EOFError
        status = int(head.split()[1])
        page = json.loads(page)
        if status != 200:
            raise Refused(status, page)
        return page
    finally:
        writer.close()


def credentials(name):
    return {"username": name, "password": PASSWORD}


async def register(address, name):
    return await request(address, "POST", "/register", body=credentials(name))


async def log_in(address, name):
    return (await request(address, "POST", "/login", body=credentials(name)))["token"]


class Member:
    """A connection of a user, in Chatterbox or WebSocket Chat."""

    def __init__(self, name, token, speaks_websocket_chat):
        self.name, self.token, self.speaks_websocket_chat = name, token, speaks_websocket_chat
        self.sent, self.view, self.errors = [], [], []

    async def enter(self, address):
        self.socket = await connect(f"ws://{address}/ws?token={self.token}", proxy=None, ping_interval=None)
        history = await self.frame()
        assert history["type"] == "history", history
        self.view += [message["content"] for message in history["messages"]]
        if self.speaks_websocket_chat:
            await self.socket.send(json.dumps({"type": "request_user_list"}))
            while (await self.frame())["message"] is not None:
                pass

    async def frame(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE))

    async def say(self, text):
        """Sends a text, in which its recipient stands."""
        self.sent.append(text)
        frame = {"content": text}
        if self.speaks_websocket_chat:
            recipient = re.search(r">(\w+)#", text)[1]
            frame |= {"type": "chat", "recipient": None if recipient == "all" else recipient}
        await self.socket.send(json.dumps(frame))

    async def hear(self):
        """Reads on until a message or an error has come, and returns its text: None for an error."""
        while True:
            frame = await self.frame()
            if frame["type"] in ("message", "chat", "chat_sent"):
                self.view.append(frame["content"])
                return frame["content"]
            if frame["type"] == "error":
                self.errors.append(frame)
                return None
            assert frame["type"] == "user_list_update", frame

    async def says(self, text):
        """Sends a text, and reads on until it is told."""
        await self.say(text)
        while (heard := await self.hear()) != text:
            assert heard is not None, self.errors


#: What a dead server does to a connection.
DEAD = (WebSocketException, OSError, EOFError)
