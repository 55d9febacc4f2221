"""Lets two phones chat, and passes /metrics to promtool. No step waits for longer than five seconds."""

import base64
import json
import os
import socket
import subprocess
import urllib.request

SERVER = os.environ["SWITCHBOARD_ADDRESS"]
ANN, BOB = "0012345678", "0087654321"


def phone(number):
    """Opens a WebSocket."""
    host, port = SERVER.split(":")
    opened = socket.create_connection((host, int(port)), 5)
    key = base64.b64encode(bytes(16)).decode()
    opened.sendall(
        f"GET /ws/{number}?presence=none HTTP/1.1\r\nHost: {SERVER}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += opened.recv(1)
    assert answer.startswith(b"HTTP/1.1 101 "), answer
    return opened


with phone(ANN) as ann, phone(BOB) as bob:
    message = json.dumps({"type": "message", "to": BOB, "text": "hello"}).encode()
    ann.sendall(bytes([0x81, 0x80 | len(message)]) + bytes(4) + message)
    assert b'"hello"' in bob.recv(1024)
    with urllib.request.urlopen(f"http://{SERVER}/metrics", timeout=5) as page:
        assert page.headers["Content-Type"].startswith("text/plain; version=0.0.4"), page.headers
        metrics = page.read()

assert b"\nswitchboard_messages_delivered_total 1\n" in metrics, metrics.decode()
checked = subprocess.run(
    [os.environ["PROMTOOL"], "check", "metrics"], input=metrics, capture_output=True, timeout=30
)
said = (checked.stdout + checked.stderr).decode()
assert checked.returncode == 0 and not said, f"promtool: exit code {checked.returncode}\n{said}"
families = metrics.count(b"# TYPE ")
assert families > 20, "the page is not the whole page"
print(f"promtool: nothing to say against {families} families")

# Checks that promtool refuses a page with a mistake.
broken = metrics + b"# HELP switchboard_mistakes A counter that does not end in _total.\n"
broken += b"# TYPE switchboard_mistakes counter\nswitchboard_mistakes 1\n"
checked = subprocess.run(
    [os.environ["PROMTOOL"], "check", "metrics"], input=broken, capture_output=True, timeout=30
)
assert checked.returncode != 0, "promtool would let anything through"
