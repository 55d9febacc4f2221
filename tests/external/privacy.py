"""People of all realms chat and misbehave. All their texts, numbers and names contain a canary.

strace(1) records every system call of the server. A canary may be in a call that reads or writes the socket of
a client, which is a result of accept4(2), and in no other call: in no file, no path, no line of the log. It
must not be on a page, or in the trace of the flight recorder, either. What users are called and write may
also be read from and written to the files of the database, but no password and no token. To make sure that the check works, every
canary has to be seen where it belongs, and an invented leak has to be found.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

SERVER = os.environ["SWITCHBOARD_BIN"]
PATIENCE = 20  # seconds; everything is slower under strace

ANN, BOB, NOBODY = "4915112345678", "4915187654321", "4915100000000"
TOKEN = "canary-token-0123456789abcdef0123456789abcdef"
# These canaries reach a client, so a system call that writes to a client must contain them.
DELIVERED = ANN, BOB, *(
    f"canary-{what}"
    for what in "text id signal eve zoe name content message metadata mention reply invitation question".split()
)
# These canaries of users reach a client and the database.
STORED = "canary-ada", "canary-bea", "canary-global", "canary-private"
PASSWORD = "canary-password"
# These canaries reach only the server.
KEPT = NOBODY, TOKEN, PASSWORD, "canary-refused", "canary-path", "canary-picture"
CANARIES = [*DELIVERED, *STORED, *KEPT]  # and later the tokens of users

CALL = re.compile(r"(\d+) +(\w+)\((.*)", re.DOTALL)
TRANSFERS = re.compile(r"(p?readv?2?|recv\w*|p?writev?2?|send\w*)$")
UNFINISHED, RESUMED = " <unfinished ...>", re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)", re.DOTALL)


def whole_calls(lines):
    """Yields the calls in strace's output. A call that another thread interrupts is put together again."""
    begun = {}
    for line in lines:
        line = line.rstrip("\n")
        if line.endswith(UNFINISHED):
            begun[line.split()[0]] = line.removesuffix(UNFINISHED)
        elif resumed := RESUMED.match(line):
            yield begun.pop(resumed[1]) + resumed[2]
        else:
            yield line
    # A call that never returned was made all the same.
    yield from begun.values()


def judge(lines, token_file):
    """Returns the canaries that were written to clients or to the database, and the calls that must not contain one."""
    clients, database, token, written, leaks = set(), set(), None, set(), []
    for line in whole_calls(lines):
        found = {canary for canary in CANARIES if canary in line}
        call = CALL.match(line)
        name, rest = (call[2], call[3]) if call else ("", "")
        first = re.match(r"\d+", rest)
        descriptor = int(first[0]) if first else None
        if found:
            ours = TRANSFERS.match(name) and descriptor in clients
            reads_token = name == "read" and descriptor is not None and descriptor == token and found == {TOKEN}
            stores = name in ("pread64", "pwrite64") and descriptor in database and found <= set(STORED)
            if not ours and not reads_token and not stores:
                leaks.append(line)
            if ours and name.startswith(("write", "send")):
                written |= found
            if stores and name == "pwrite64":
                written |= {f"{canary} in the database" for canary in found}
        result = re.search(r" = (\d+)$", line)
        if name in ("accept4", "accept") and result:
            clients.add(int(result[1]))
        elif name == "openat" and result and token_file in rest:
            token = int(result[1])
        elif name == "openat" and result and "/switchboard.db" in rest:
            database.add(int(result[1]))
        elif name == "close":
            clients.discard(descriptor)
            database.discard(descriptor)
            token = None if descriptor == token else token
    return written, leaks


def check_the_judge():
    """Checks that the judge finds an invented leak, and reports no false one."""
    told = f'"{DELIVERED[2]}"'
    accepted = "7 accept4(5, {sa_family=AF_INET}, [16], SOCK_CLOEXEC) = 9"
    fine = [accepted, f"7 recvfrom(9, {told}, 10) = 10", f"7 writev(9, [{{iov_base={told}}}], 1) = 10"]
    assert judge(fine, "token") == ({DELIVERED[2]}, [])
    for leak in (
        f"7 write(2, {told}, 10) = 10",
        f"7 openat(AT_FDCWD, {told}, O_RDONLY) = 4",
        f"7 write(9, {told}, 10) = 10",
        f"7 read(4, {told}, 10) = 10",
    ):
        assert judge([leak], "token")[1] == [leak], leak
    opened = '8 openat(AT_FDCWD, "/data/switchboard.db-wal", O_RDWR) = 12'
    stored = [opened, f'8 pwrite64(12, "{STORED[2]}", 10, 0) = 10']
    assert judge(stored, "token") == ({f"{STORED[2]} in the database"}, [])
    for secret in (PASSWORD, DELIVERED[2]):
        leak = f'8 pwrite64(12, "{secret}", 10, 0) = 10'
        assert judge([opened, leak], "token")[1] == [leak], secret
    gone = f"7 sendto(9, {told}, 10) = 10"
    assert judge([accepted, "7 close(9) = 0", gone], "token")[1] == [gone]
    torn = [accepted, f"8 write(2, {told}{UNFINISHED}", "7 close(9) = 0", "8 <... write resumed>, 10) = 10"]
    assert judge(torn, "token")[1] == [f"8 write(2, {told}, 10) = 10"]


class Server:
    """The server under strace."""

    def __init__(self, folder):
        self.trace_file, self.strace = f"{folder}/loop.json", f"{folder}/strace"
        self.token_file, self.log = f"{folder}/admin", f"{folder}/log"
        self.data = f"{folder}/data"
        os.mkdir(self.data)
        with open(self.token_file, "w") as file:
            file.write(TOKEN)
        os.chmod(self.token_file, 0o600)
        # -D: the process that we start becomes the server, and strace is not its parent.
        command = ["strace", "-D", "-f", "-s", "65535", "-o", self.strace, SERVER]
        command += ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--contact-grace", "0s"]
        # The server logs as much as it can.
        command += ["--log", "debug", "--slow-turn", "1ns", "--echo", "--strikes", "5"]
        command += ["--trace-file", self.trace_file, "--admin-token-file", self.token_file]
        command += ["--data", self.data]
        self.process = subprocess.Popen(command, stderr=open(self.log, "w"))
        self.address = self.said(r"listening on http://(\S+) ")
        self.admin = self.said(r"pages are at http://([0-9.:]+)")

    def said(self, pattern):
        def find():
            with open(self.log) as log:
                return re.search(pattern, log.read())

        return eventually(pattern, find)[1]

    def page(self, path, address=None, token=None, body=None):
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"http://{address or self.admin}{path}", data=data)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return f"{answer.headers}{answer.read().decode()}"
        except urllib.error.HTTPError as error:
            return f"{error.headers}{error.read().decode()}"

    def trace(self):
        """Reads the trace file of the flight recorder."""
        self.process.send_signal(signal.SIGUSR1)
        eventually("the trace is there", lambda: os.path.exists(self.trace_file))
        with open(self.trace_file) as file:
            text = file.read()
        assert json.loads(text)["traceEvents"], "an empty trace"
        return text

    def end(self):
        """Ends the server, and returns what strace has recorded."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, "it did not end well"

        def finished():
            with open(self.strace, errors="replace") as file:
                lines = file.readlines()
            ending = rf"{self.process.pid} +\+\+\+ exited"
            return lines if any(re.match(ending, line) for line in lines) else None

        return eventually("strace has written all down", finished)


def eventually(what, look):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.05)
    raise AssertionError(f"in vain: {what}")


async def hears(socket, *parts):
    """Waits for a frame that contains all of these."""
    while True:
        heard = await asyncio.wait_for(socket.recv(), PATIENCE)
        if all(part in heard for part in parts):
            return


async def is_cut_off(socket):
    try:
        while True:
            await asyncio.wait_for(socket.recv(), PATIENCE)
    except WebSocketException:
        pass


async def chat_in_the_mobile_realm(address):
    url = f"ws://{address}/ws/"
    async with connect(url + ANN, proxy=None) as ann, connect(url + BOB, proxy=None) as bob:
        await hears(ann, "online_users", BOB)

        async def say(kind, to, **more):
            await ann.send(json.dumps({"type": kind, "to": to, **more}))

        await say("message", BOB, text="canary-text", id="canary-id")
        await hears(bob, "canary-text", "canary-id")
        await hears(ann, "ack", "canary-id")
        await say("signal", BOB, data={"key": ["canary-signal"]})
        await hears(bob, "canary-signal")
        await say("typing", BOB, is_typing=True)
        await hears(bob, "typing")
        await say("message", NOBODY, text="canary-refused")
        await hears(ann, "undelivered")
        # A newer connection takes over the number.
        async with connect(url + BOB, proxy=None) as newer:
            await is_cut_off(bob)
            await say("message", BOB, text="canary-text")
            await hears(newer, "canary-text")
        # Malformed frames of every kind, until there are too many.
        await ann.send(b"canary-refused")
        await is_cut_off(ann)
    async with connect(url + ANN, proxy=None) as ann:
        for _ in range(3):
            await ann.send('{"type":"canary-refused","canary-refused":1}')
            await ann.send('{"type":"message","to":"canary-refused","text":"canary-refused"}')
            await ann.send("canary-refused")
        await is_cut_off(ann)
    async with connect(f"ws://{address}/echo", proxy=None) as echo:
        await echo.send("canary-text")
        await hears(echo, "canary-text")
    for path in f"/ws/canary-path", "/canary-path", f"/ws/{ANN}/canary-path":
        try:
            async with connect(f"ws://{address}{path}?q=canary-path", proxy=None):
                raise AssertionError(f"{path} is open")
        except WebSocketException:
            pass


async def chat_in_the_session_realm(server):
    address = server.address

    async def say(socket, kind, **data):
        await socket.send(json.dumps({"type": kind, "data": data}))

    async def auth(socket, session):
        await say(socket, "auth", sessionId=session, name="canary-name", profilePicture="canary-picture")
        await hears(socket, "authenticated", session)

    url = f"ws://{address}/ws"
    async with connect(url, proxy=None) as eve, connect(url, proxy=None) as zoe:
        await auth(eve, "canary-eve")
        await auth(zoe, "canary-zoe")
        more = {"metadata": {"k": "canary-metadata"}}
        invitation = {"id": "canary-invitation", "recipientId": "canary-zoe", "message": "canary-question"}
        await say(eve, "invitation_send", **invitation, **more)
        await hears(zoe, "canary-invitation", "canary-question", "canary-name", "canary-metadata")
        await say(zoe, "invitation_accept", invitationId="canary-invitation")
        await hears(eve, "contact_online", "canary-zoe")
        more |= {"mentions": ["canary-mention"], "replyToId": "canary-reply"}
        message = {"id": "canary-message", "recipientId": "canary-zoe", "content": "canary-content"}
        await say(eve, "message_send", **message, **more)
        await hears(zoe, "canary-content", "canary-mention", "canary-reply")
        await say(zoe, "message_read", messageId="canary-message")
        await hears(eve, "canary-message", "read")
        await say(eve, "typing_indicator", recipientId="canary-zoe", isTyping=True)
        await hears(zoe, "typing_indicator")
        await say(eve, "message_read", messageId="canary-refused")
        await hears(eve, "error")
        # Only the bearer of the token is told who is online.
        stats = await asyncio.to_thread(server.page, "/stats", token=TOKEN)
        assert "canary-eve" in stats, "the token opens nothing"
        pages = await asyncio.to_thread(pages_of, server)
        await zoe.close()
        await hears(eve, "contact_offline", "canary-zoe")
        await say(eve, "message_send", **message, **more)
        await hears(eve, "undelivered")
    async with connect(url, proxy=None) as nobody:
        await nobody.send("canary-refused")
        await is_cut_off(nobody)
    return pages


async def chat_in_the_account_realm(server):
    address = server.address

    def ask(path, body=None, token=None):
        text = server.page(path, address, token, body)
        return text[text.index("{"):] if "{" in text else text

    async def log_in(name, password):
        body = {"username": name, "password": password}
        answer = json.loads(await asyncio.to_thread(ask, "/login", body))
        if token := answer.get("token"):
            CANARIES.append(token)
        return token

    tokens = []
    for name in "canary-ada", "canary-bea":
        body = {"username": name, "password": PASSWORD}
        for _ in range(2):  # the second time the name is taken
            await asyncio.to_thread(ask, "/register", body)
        tokens.append(await log_in(name, PASSWORD))
        assert await log_in(name, PASSWORD + "!") is None
        assert await log_in("canary-refused", PASSWORD) is None
    url = f"ws://{address}/ws?token="
    async with connect(url + tokens[0], proxy=None) as ada, connect(url + tokens[1], proxy=None) as bea:
        for socket in ada, bea:
            await socket.send('{"type":"request_user_list"}')
            await hears(socket, "user_list_update", "null")

        async def chat(text, recipient=None):
            await ada.send(json.dumps({"type": "chat", "content": text, "recipient": recipient}))

        await chat("canary-global")
        await hears(bea, "canary-global", "canary-ada")
        await chat("canary-private", "canary-bea")
        await hears(ada, "chat_sent", "canary-private")
        await chat("canary-refused", "canary-refused")
        await hears(ada, "not found")
        await ada.send('{"type":"canary-refused"}')
        await hears(ada, "Invalid message format")
        await asyncio.to_thread(ask, "/users", None, tokens[0])
        await asyncio.to_thread(ask, "/messages/global?canary-path", None, "canary-refused")
        await asyncio.to_thread(server.page, f"/nowhere?token={tokens[0]}", address)
        # The tool deletes Bea beside the server, whose WebSocket then ends.
        tool = [SERVER, "user", "delete", "canary-bea", "--data", server.data]
        await asyncio.to_thread(subprocess.run, tool, check=True, capture_output=True)
        await is_cut_off(bea)
    async with connect(url + "canary-refused", proxy=None) as nobody:
        await is_cut_off(nobody)
    return tokens


def pages_of(server):
    """The pages that anybody may read, by path; and the trace."""
    paths = "/", "/health", "/ready", "/metrics", "/stats", "/trace", "/canary-path"
    pages = {f"{address}{path}": server.page(path, address) for path in paths for address in (None, server.address)}
    return pages | {"the trace file": server.trace()}


def main():
    check_the_judge()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            asyncio.run(chat_in_the_mobile_realm(server.address))
            tokens = asyncio.run(chat_in_the_account_realm(server))
            pages = asyncio.run(chat_in_the_session_realm(server))
            lines = server.end()
        finally:
            server.process.kill()
        with open(server.log) as log:
            pages["the log"] = log.read()
        written, leaks = judge(lines, server.token_file)
        left = sorted(set(os.listdir(folder)) - {"admin", "data", "log", "strace", "loop.json"})
        for name in os.listdir(server.data):
            with open(f"{server.data}/{name}", "rb") as file:
                bytes = file.read()
            pages[f"the file {name}"] = "".join(c for c in CANARIES if c not in STORED and c.encode() in bytes)
    faults = [f"in a system call: {leak[:300]}" for leak in leaks]
    faults += [f"{canary} on {name}" for name, text in pages.items() for canary in CANARIES if canary in text]
    delivered = *DELIVERED, *STORED, *tokens
    faults += [f"{canary} was never written to a client" for canary in delivered if canary not in written]
    stored = [f"{canary} in the database" for canary in STORED]
    faults += [f"{canary}: never written" for canary in stored if canary not in written]
    faults += [f"a file is left: {name}" for name in left]
    ends = pages["the log"].count("connection ended")
    if ends < 10:
        faults.append(f"the log has {ends} ends of connections, and was to be talkative")
    for fault in faults:
        print(f"privacy: {fault}")
    print(f"privacy: {len(lines)} lines of strace, {len(CANARIES)} canaries, {len(faults)} out of place")
    sys.exit(bool(faults))


main()
