"""The smallest phone: it connects with a number, prints every frame, and sends every line that it reads.

    python3 tests/external/phone.py NUMBER [HOST:PORT]

It needs Python 3.8 and nothing else. `readme.py` beside it plays the README's dialogue with it.
"""

import base64, os, socket, struct, sys, threading

number = sys.argv[1]
address = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:8080"
host, port = address.rsplit(":", 1)
connection = socket.create_connection((host, int(port)))
stream = connection.makefile("rb")


def say(*words):
    print(*words, flush=True)


def upgrade():
    """Opens a WebSocket with an HTTP request (RFC 6455 §4)."""
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall((
        f"GET /ws/{number} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode())
    status = stream.readline().decode().strip()
    say(status)
    if " 101 " not in status:
        sys.exit(1)
    while stream.readline() != b"\r\n":
        pass


def listen():
    """Prints what arrives. A server's frames have no mask, and those of our server are never fragmented (§5.2)."""
    while header := stream.read(2):
        length = header[1]
        if length == 126:
            length, = struct.unpack("!H", stream.read(2))
        elif length == 127:
            length, = struct.unpack("!Q", stream.read(8))
        payload = stream.read(length)
        if header[0] == 0x88:
            say("closed:", *struct.unpack("!H", payload[:2]), payload[2:].decode())
        else:
            say(payload.decode())


def speak():
    """Sends each line of the terminal as one text frame."""
    for line in sys.stdin:
        text = line.strip().encode()
        length = bytes([0x80 | len(text)]) if len(text) < 126 else struct.pack("!BH", 0x80 | 126, len(text))
        # A client's frame needs a mask (§5.3). Four zeros are one, and leave the text as it is.
        connection.sendall(b"\x81" + length + bytes(4) + text)


upgrade()
threading.Thread(target=speak, daemon=True).start()
listen()
