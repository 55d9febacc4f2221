"""A complete client of SCA in one file: it follows every rule of CLIENTS.md beside it.

    python3 src/dialects/client.py NUMBER [HOST:PORT]

Each line that you type is `NUMBER TEXT`: a message to that number. It needs Python 3.8 and nothing else. The
part `client` of tests/external runs it against the server, through restarts, and `Client` is what it imports.
"""

import asyncio, base64, collections, json, os, random, re, struct, sys, time

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds: the bounds of the wait before a reconnect
STABLE = 30.0  # seconds: a connection that lasted for so long makes the next wait short again
PING_EVERY, PATIENCE = 25.0, 10.0  # seconds: between heartbeats; for the answer to one, and for the upgrade
GIVE_UP = 3600.0  # seconds: how long a message waits for its recipient
PACE = 0.01  # seconds between two messages: half of what the server allows, so that many can be sent again
REMEMBERED = 1000  # ids of messages that were shown, so that none is shown twice

FINAL = {4000, 4001, 4003, 4005, 4008}  # these mean "do not come back by yourself"
FOR_NOW = {408, 429, 500, 502, 503, 504}  # HTTP statuses after which it makes sense to come back
OUR_FAULT = {1002, 1003, 1007, 1009}  # a mistake in this program: to send the same again does not help


class Ended(Exception):
    """The connection is over. `final`: do not come back. `wait`: not before this many seconds have passed."""

    def __init__(self, why, final=False, wait=0.0):
        super().__init__(why)
        self.final, self.wait = final, wait


class Client:
    def __init__(self, number, address, show=print):
        self.number, self.address, self.show = number, address, show
        self.pending = {}  # id -> (frame, until): what has no final answer yet, in the order of sending
        self.due = {}  # ids of those that are to be sent on this connection, in their order
        self.has_due = asyncio.Event()
        self.seen = collections.OrderedDict()  # (from, id) of messages that were shown
        self.online = set()
        self.writer = None
        self.is_ready = False  # the first frame has come

    def say(self, to, text):
        """Sends a message now, or as soon as there is a connection. Returns its id, which is unique for good."""
        id = base64.urlsafe_b64encode(os.urandom(12)).decode()
        frame = {"type": "message", "to": to, "text": text, "id": id}
        self.pending[id] = frame, time.monotonic() + GIVE_UP
        self.send_soon(id)
        return id

    async def run(self):
        """Stays connected until the server says that this makes no sense."""
        attempt = 0
        while True:
            started = time.monotonic()
            try:
                await self.connection()
            except Ended as ended:
                if ended.final:
                    return self.show(f"ended: {ended}")
                why, least = str(ended), ended.wait
            except (OSError, EOFError, asyncio.TimeoutError) as error:
                why, least = f"lost: {error!r}", 0.0
            attempt = 0 if time.monotonic() - started > STABLE else attempt + 1
            # Full jitter: a random wait below a bound that doubles. A crowd that was cut off together comes
            # back spread out.
            wait = least + random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempt, 10)))
            self.show(f"{why}; again in {wait:.1f} s")
            await asyncio.sleep(wait)

    async def connection(self):
        host, port = self.address.rsplit(":", 1)
        reader, self.writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), PATIENCE)
        tasks = []
        try:
            await asyncio.wait_for(self.upgrade(reader), PATIENCE)
            tasks = [asyncio.ensure_future(task) for task in (self.heartbeat(), self.sending())]
            while True:
                # What the server sends last may be the answer to our last ping.
                opcode, payload = await asyncio.wait_for(self.frame(reader), PING_EVERY + PATIENCE)
                if opcode == 1:
                    self.hear(json.loads(payload))
                elif opcode == 9:
                    self.write(10, payload)
                elif opcode == 8:
                    raise self.closed(payload)
        finally:
            self.is_ready = False
            for task in tasks:
                task.cancel()
            self.due.clear()
            self.writer.close()
            self.writer = None

    async def upgrade(self, reader):
        """Opens a WebSocket with an HTTP request (RFC 6455 §4). No subprotocol: the server would accept none."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write((
            f"GET /ws/{self.number}?presence=delta HTTP/1.1\r\nHost: {self.address}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        ).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        if status == 101:
            return
        retry_after = re.search(r"(?im)^retry-after: *(\d+)", head)
        wait = float(retry_after[1]) if retry_after else 0.0
        raise Ended(f"refused: HTTP {status}", final=status not in FOR_NOW, wait=wait)

    async def frame(self, reader):
        """One whole message: the server sends no fragments, but a proxy may cut one up (§5.4)."""
        opcode, payload, is_last = 0, b"", False
        while not is_last:
            first, length = await reader.readexactly(2)
            is_last, opcode = bool(first & 0x80), first & 0x0F or opcode
            if length == 126:
                length, = struct.unpack("!H", await reader.readexactly(2))
            elif length == 127:
                length, = struct.unpack("!Q", await reader.readexactly(8))
            payload += await reader.readexactly(length)
        return opcode, payload

    def write(self, opcode, payload):
        mask = os.urandom(4)
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else struct.pack("!BH", 0x80 | 126, len(payload))
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self.writer.write(bytes([0x80 | opcode]) + length + mask + masked)

    def send(self, frame):
        if self.is_ready:
            self.write(1, json.dumps(frame).encode())

    def send_soon(self, id):
        if self.is_ready:
            self.due[id] = None
            self.has_due.set()

    async def sending(self):
        """Sends what is due, one by one. All at once would be over the server's rate after a long absence."""
        while True:
            await self.has_due.wait()
            id = next(iter(self.due), None)
            if id is None:
                self.has_due.clear()
                continue
            del self.due[id]
            if id in self.pending:
                self.send(self.pending[id][0])
                await asyncio.sleep(PACE)

    async def heartbeat(self):
        while True:
            await asyncio.sleep(PING_EVERY)
            self.send({"type": "ping"})

    def hear(self, frame):
        kind, id = frame.get("type"), frame.get("id")
        if kind in ("online_users", "presence"):
            self.presence(frame)
        elif kind == "message":
            # The sender may have sent it again because it did not hear our server's answer.
            if id is None or self.is_new((frame["from"], id)):
                self.show(f"{frame['from']}: {frame['text']}")
        elif kind == "ack" and frame["status"] == "delivered":
            self.done(id, "delivered")
        elif kind == "error":
            # The frame is wrong, so it is wrong the next time, too. A warning has no id.
            self.done(id, f"refused ({frame.get('code')}): {frame['detail']}")
        # `ack` with `offline`, and `undelivered`: the message stays pending until its recipient is online.
        # Frames of other types are for newer clients.

    def presence(self, frame):
        came = frame["joined"] if "joined" in frame else frame["users"]
        self.online = self.online - set(frame["left"]) if "left" in frame else set()
        self.online.update(came)
        # The first frame after the upgrade is a list: now we are in. What has no answer is in doubt, and is sent
        # again with the same id. So is what was answered `offline`. Both wait until the recipient is online, so
        # that all messages to one person are sent in their order, and none overtakes another.
        is_first, self.is_ready = not self.is_ready, True
        for id, (message, until) in list(self.pending.items()):
            if time.monotonic() > until:
                self.done(id, "given up")
            elif message["to"] in (self.online if is_first else came):
                self.due.pop(id, None)
                self.send_soon(id)

    def is_new(self, key):
        is_new = key not in self.seen
        self.seen[key] = None
        if len(self.seen) > REMEMBERED:
            self.seen.popitem(last=False)
        return is_new

    def done(self, id, outcome):
        if self.pending.pop(id, None) or id is None:
            self.show(f"{id}: {outcome}")

    def closed(self, payload):
        code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
        reason = payload[2:].decode()
        after = re.search(r" retry_after_ms=(\d+)$", reason)
        wait = int(after[1]) / 1000 if after else LONGEST_WAIT if code == 1008 else 0.0
        return Ended(f"closed: {code} {reason}", final=code in FINAL | OUR_FAULT, wait=wait)


async def main():
    client = Client(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:8080")
    running = asyncio.ensure_future(client.run())

    def typed():
        to, _, text = sys.stdin.readline().rstrip("\n").partition(" ")
        if to:
            client.say(to, text)
        else:
            asyncio.get_event_loop().remove_reader(sys.stdin)

    asyncio.get_event_loop().add_reader(sys.stdin, typed)
    await running


if __name__ == "__main__":
    asyncio.run(main())
