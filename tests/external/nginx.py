"""Starts nginx with the configuration of systemd/README.md, and says what two phones would say through it.

Each function is one claim. Nobody waits for longer than five seconds.
"""

import base64
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

SERVER = os.environ["SWITCHBOARD_ADDRESS"]
ANN, BOB, CAROL = "0012345678", "0087654321", "0011111111"
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.3"
MASK = bytes(4)


class Phone:
    """A request for a WebSocket that came from an address, and the WebSocket if there is one."""

    def __init__(self, port, mobile, address=HERE, more=""):
        self.socket = socket.create_connection(("127.0.0.1", port), 5, source_address=(address, 0))
        key = base64.b64encode(bytes(16)).decode()
        self.socket.sendall(
            f"GET /ws/{mobile}?presence=none HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"{more}\r\n".encode()
        )
        self.stream = self.socket.makefile("rb")
        self.status = int(self.stream.readline().split()[1])
        lines = iter(lambda: self.stream.readline().strip().decode().lower(), "")
        self.headers = dict(line.split(": ", 1) for line in lines)

    def says(self, **message):
        payload = json.dumps(message).encode()
        assert len(payload) < 126
        self.socket.sendall(bytes([0x81, 0x80 | len(payload)]) + MASK + payload)

    def hears(self, **expected):
        first, length = self.stream.read(2)
        assert first == 0x81, hex(first)
        if length == 126:
            (length,) = struct.unpack(">H", self.stream.read(2))
        heard = json.loads(self.stream.read(length))
        assert heard == expected, heard

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()


def two_phones_chat(port):
    with Phone(port, ANN) as ann, Phone(port, BOB, ELSEWHERE) as bob:
        assert (ann.status, bob.status) == (101, 101), (ann.status, bob.status)
        ann.says(type="message", to=BOB, text="hello", id="1")
        bob.hears(type="message", **{"from": ANN}, text="hello", id="1")
        ann.hears(type="ack", id="1", status="delivered")
        bob.says(type="ping")
        bob.hears(type="pong")


def each_address_has_its_own_limit(port):
    with Phone(port, ANN) as ann, Phone(port, BOB) as bob:
        assert (ann.status, bob.status) == (101, 101)
        with Phone(port, CAROL) as carol:
            assert (carol.status, "retry-after" in carol.headers) == (503, True), carol.headers
        with Phone(port, CAROL, ELSEWHERE) as carol:
            assert carol.status == 101, carol.status


def nobody_chooses_his_own_address(port):
    with Phone(port, ANN) as ann, Phone(port, BOB) as bob:
        assert (ann.status, bob.status) == (101, 101)
        for made_up in ("198.51.100.1", "127.0.0.2", "127.0.0.2, 127.0.0.2", "unknown"):
            with Phone(port, CAROL, more=f"X-Forwarded-For: {made_up}\r\n") as carol:
                assert carol.status == 503, (made_up, carol.status)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def configuration(document, folder, port):
    """The document's, at another place."""
    (ours,) = re.findall(r"```nginx\n(.*?)```", document, re.S)
    ours, listens = re.subn(r"listen 443 ssl;.*?\n\n", f"listen 127.0.0.1:{port};\n", ours, flags=re.S)
    ours, passes = re.subn(r"http://127\.0\.0\.1:8080", f"http://{SERVER}", ours)
    assert (listens, passes) == (1, 1), "the document's configuration has changed its shape"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    return (
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
        f"events {{}}\nhttp {{\naccess_log off; proxy_bind 127.0.0.2;\n{paths}{ours}}}\n"
    )


def reachable(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def all_have_left():
    """Waits until nobody is connected but whoever asks."""
    for _ in range(100):
        with urllib.request.urlopen(f"http://{SERVER}/metrics", timeout=5) as page:
            if b"\nswitchboard_connections 1\n" in page.read():
                return
        time.sleep(0.05)
    raise AssertionError("somebody has not left")


def main():
    document = open(sys.argv[1]).read()
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(configuration(document, folder, port))
        command = [os.environ["NGINX_BIN"], "-p", folder, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
        nginx = subprocess.Popen(command)
        try:
            assert reachable(port), open(f"{folder}/error.log").read()
            claims = (two_phones_chat, each_address_has_its_own_limit, nobody_chooses_his_own_address)
            for claim in claims:
                claim(port)
                print("ok", claim.__name__, flush=True)
                all_have_left()
        finally:
            nginx.terminate()
            nginx.wait()


main()
