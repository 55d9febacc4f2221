"""A proxy with the document's configuration, real TLS, phones and a server: what nginx.py and caddy.py share.

Phones call from 127.0.0.3 and 127.0.0.4 over wss. The proxy speaks to the server from 127.0.0.1, which is the
trusted proxy of the document. Each claim is one function; no step of one waits for longer than WAIT seconds.
"""

import base64
import contextlib
import json
import os
import re
import resource
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

from document import settings

WAIT = 5
NAME = "chat.example"
ANN, BOB, CAROL = "0012345678", "0087654321", "0011111111"
# The numbers of a crowd begin with this: long enough to be in no figure by chance.
CROWD = "551203947718"
PHONES = 1200
TOKEN, SESSION = "a-token-of-some-phone", "session-id-of-some-phone"
HERE, ELSEWHERE, AROUND = "127.0.0.3", "127.0.0.4", "127.0.1."
SECRETS = [ANN, BOB, CAROL, CROWD, TOKEN, SESSION, HERE, ELSEWHERE, AROUND]
# The pages that the table of addresses keeps for the operator's listener.
with open(os.path.join(os.path.dirname(__file__), "../../src/session/ADDRESSES.md")) as table:
    OPERATORS = re.findall(r"(?m)^\| `GET (/[\w/-]+)` \| `--admin-listen`", table.read())
# Those that need no token. The sites here have none, so the others refuse everybody.
OPEN = {"/metrics", "/trace"}
assert set(OPERATORS) > OPEN | {"/api/status"} and "/stats" not in OPERATORS, OPERATORS
# What the proxies hide. The server shows its counts to every client. Below /api there are addresses for clients, too.
HIDDEN = [path for path in OPERATORS if not path.startswith("/api/")] + ["/stats"]
# The same page in other spellings, too: a proxy and a server may read a path differently.
SPELLINGS = ["{}", "{}?all=1", "{}/", "/{}", "/.{}", "/x/..{}", "{};a", "%2f{}"]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def eventually(what, holds):
    end = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)


def reachable(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False


def ended(process):
    process.terminate()
    try:
        return process.wait(WAIT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


class Server:
    """The server with the document's settings, at other ports."""

    def __init__(self, site, has_admin=True):
        self.site = site
        named = settings(site.document)
        assert named["SWITCHBOARD_TRUSTED_PROXY"] == "127.0.0.1"
        for name, port, theirs in (("LISTEN", site.public, 8080), ("ADMIN_LISTEN", site.admin, 8081)):
            # The server itself is on the loopback, or phones could go around the proxy.
            assert named[f"SWITCHBOARD_{name}"] == f"127.0.0.1:{theirs}", named
            named[f"SWITCHBOARD_{name}"] = f"127.0.0.1:{port}"
        if not has_admin:
            del named["SWITCHBOARD_ADMIN_LISTEN"]
        # Not the default, so that few phones reach it.
        named["SWITCHBOARD_MAX_CONNECTIONS_PER_ADDRESS"] = str(site.LIMIT)
        command = [os.environ["SWITCHBOARD_BIN"]]
        self.process = subprocess.Popen(command, env=named, stderr=site.log("server"))
        eventually("the server listens", lambda: reachable(site.public))

    def __enter__(self):
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_):
        if self.process.poll() is None:
            code = ended(self.process)
            assert code == 0, f"the server ended with {code}"


class Site:
    """Ports, a folder, a certificate, and a proxy that a subclass configures and starts."""

    LIMIT = 2

    def __init__(self, folder, document):
        self.folder, self.document = folder, document
        self.public, self.admin, self.http, self.https = (free_port() for _ in range(4))
        os.chmod(folder, 0o755)
        os.mkdir(f"{folder}/log")
        self.certificate, self.key = f"{folder}/cert.pem", f"{folder}/key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
            + ["-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
            + ["-keyout", self.key, "-out", self.certificate],
            check=True,
            capture_output=True,
        )
        self.tls = ssl.create_default_context(cafile=self.certificate)
        self.careless = ssl.create_default_context()
        self.careless.check_hostname, self.careless.verify_mode = False, ssl.CERT_NONE

    def log(self, name):
        return open(f"{self.folder}/log/{name}", "ab")

    def logs(self):
        """All that anybody wrote down, as {file: text}."""
        found = {}
        for folder, _, names in os.walk(f"{self.folder}/log"):
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    found[name] = file.read()
        return found

    @contextlib.contextmanager
    def proxy(self, **changes):
        """Runs the proxy with the document's configuration, or with a deliberate change to it."""
        process = self.start(**changes)
        try:
            eventually("the proxy listens", lambda: reachable(self.https) and reachable(self.http))
            yield
            assert process.poll() is None, "the proxy did not survive this"
        finally:
            ended(process)


class Call:
    """A connection to the proxy."""

    def __init__(self, site, address=HERE, tls=True, name=NAME):
        port = site.https if tls else site.http
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT, source_address=(address, 0))
        # Or a small write waits for the acknowledgement of the one before it.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = site.tls if name == NAME else site.careless
            self.socket = context.wrap_socket(self.socket, server_hostname=name)

    def sends(self, request):
        self.socket.sendall(request.encode())
        return self

    def answer(self):
        """The status and the headers."""
        self.stream = self.socket.makefile("rb")
        status = int(self.stream.readline().split()[1])
        lines = iter(lambda: self.stream.readline().strip().decode(), "")
        self.headers = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines)}
        return status

    def resets(self):
        """Hangs up in a way that the other side notices as an error."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if hasattr(self, "stream"):
            self.stream.close()
        self.socket.close()


def upgrade(path, more=""):
    key = base64.b64encode(bytes(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
    )


def page(path, method="GET", host=f"Host: {NAME}\r\n", more="", body=""):
    return f"{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{more}\r\n{body}"


class Phone(Call):
    """A request for a WebSocket, and the WebSocket if there is one."""

    def __init__(self, site, mobile, address=HERE, more=""):
        super().__init__(site, address)
        self.status = self.sends(upgrade(f"/ws/{mobile}?presence=none", more)).answer()

    def says(self, **message):
        payload = json.dumps(message).encode()
        assert len(payload) < 126
        # A mask of zeros leaves the text as it is.
        self.socket.sendall(bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload)

    def hears(self, **expected):
        first, length = self.stream.read(2)
        assert (first, length < 126) == (0x81, True), (hex(first), length)
        heard = json.loads(self.stream.read(length))
        assert heard == expected, heard


def two_phones_chat(site):
    with Phone(site, ANN) as ann, Phone(site, BOB, ELSEWHERE) as bob:
        assert (ann.status, bob.status) == (101, 101), (ann.status, bob.status)
        ann.says(type="message", to=BOB, text="hello", id="1")
        bob.hears(type="message", **{"from": ANN}, text="hello", id="1")
        ann.hears(type="ack", id="1", status="delivered")
        bob.says(type="ping")
        bob.hears(type="pong")


def each_address_has_its_own_limit(site):
    with Phone(site, ANN) as ann, Phone(site, BOB) as bob:
        assert (ann.status, bob.status) == (101, 101)
        with Phone(site, CAROL) as carol:
            assert (carol.status, "retry-after" in carol.headers) == (503, True), carol.headers
        with Phone(site, CAROL, ELSEWHERE) as carol:
            assert carol.status == 101, carol.status


def no_phone_chooses_its_own_address(site):
    with Phone(site, ANN) as ann, Phone(site, BOB) as bob:
        assert (ann.status, bob.status) == (101, 101)
        for made_up in ("198.51.100.1", "127.0.0.1", "127.0.0.1, 127.0.0.1", "unknown"):
            with Phone(site, CAROL, more=f"X-Forwarded-For: {made_up}\r\n") as carol:
                assert carol.status == 503, (made_up, carol.status)


def port_80_only_redirects(site):
    hosts = (f"Host: {NAME}\r\n", "Host: 127.0.0.1\r\n")
    for path in ("/", f"/ws/{ANN}", f"/ws?token={TOKEN}", "/metrics"):
        for host in hosts:
            for request in (page(path, host=host), upgrade(path)):
                with Call(site, tls=False) as call:
                    status = call.sends(request).answer()
                    assert status in (301, 308), (path, status)
                    assert call.headers["location"].startswith("https://"), call.headers


def operators_pages_are_not_outside(site):
    """Neither of the two lines of defence needs the other: see main()."""
    for path in HIDDEN:
        for spelling in [path, path.replace("t", "%74"), path.replace("/", "//")]:
            for form in SPELLINGS:
                address = form.format(spelling)
                for method in ("GET", "HEAD"):
                    with Call(site) as call:
                        status = call.sends(page(address, method)).answer()
                        assert status in (400, 403, 404), (method, address, status)


def the_proxy_itself_refuses_operators_pages(site):
    """In front of a server that would answer anything."""
    with BadServer(site, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"):
        for path, expected in [("/", 200)] + [(path, 404) for path in HIDDEN]:
            for address in (path, path + "?all=1"):
                with Call(site) as call:
                    status = call.sends(page(address)).answer()
                    assert status == expected, (address, status)


def what_is_asked(host, port, path):
    with socket.create_connection((host, port), WAIT) as one:
        one.sendall(page(path).encode())
        return int(one.makefile("rb").readline().split()[1])


def the_server_keeps_operators_pages_at_its_admin_listener(site):
    for path in OPERATORS:
        asked = [what_is_asked("127.0.0.1", port, path) for port in (site.public, site.admin)]
        assert asked == [404, 200 if path in OPEN else 403], (path, asked)


def requests_with_secrets(site):
    """Requests that go well, go wrong, and are hung up on, with a secret in each."""
    header = f"Cookie: session={SESSION}\r\nAuthorization: Bearer {TOKEN}\r\nReferer: https://{NAME}/ws/{ANN}\r\n"
    long = "x" * 9000
    for request in (
        upgrade(f"/ws/{ANN}?token={TOKEN}", header),
        upgrade(f"/ws?token={TOKEN}&id={SESSION}", header),
        upgrade(f"/nowhere/{ANN}", header),
        page(f"/ws/{ANN}", more=header),
        page(f"/history/{SESSION}?token={TOKEN}", more=header),
        page(f"/metrics?token={TOKEN}", more=header),
        page(f"/ws/{ANN}", "POST", more=f"Content-Length: {len(ANN)}\r\n", body=ANN),
        page(f"/ws/{ANN}", "POST", more="Content-Length: 999999999\r\n"),
        page(f"/ws/{ANN}", more=f"Cookie: {SESSION}{long}\r\n"),
        page(f"/ws/{ANN}/{long}{long}{long}{long}"),
        page(f"/ws/{ANN}\x01"),
        page(f"/ws/{ANN}", f"{TOKEN}/"),
        f"{ANN}\r\n\r\n",
        page(f"/ws/{ANN}", host=f"Host: {ANN}.{NAME}\r\n"),
    ):
        with contextlib.suppress(OSError, IndexError, ValueError), Call(site) as call:
            call.sends(request).answer()
        # A hang-up while the answer is on its way, and before the request is complete.
        for part in (request, request[: len(request) // 2]):
            with contextlib.suppress(OSError):
                Call(site).sends(part).resets()
    for name in ("other.example", f"{ANN}.example"):
        with contextlib.suppress(OSError, ValueError, IndexError), Call(site, name=name) as call:
            call.sends(page(f"/ws/{ANN}?token={TOKEN}", host=f"Host: {name}\r\n")).answer()
    # In the clear, at either port.
    for port in (site.https, site.http):
        with socket.create_connection(("127.0.0.1", port), WAIT) as one:
            one.sendall(upgrade(f"/ws/{ANN}?token={TOKEN}", header).encode())
            one.recv(100)


class BadServer:
    """Accepts at the server's port, reads a little, and answers what is no answer."""

    def __init__(self, site, says):
        self.says = says
        self.listener = socket.create_server(("127.0.0.1", site.public))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                one, _ = self.listener.accept()
                with contextlib.suppress(OSError), one:
                    one.settimeout(WAIT)
                    one.recv(100)
                    one.sendall(self.says)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def no_log_names_a_phone(site):
    """Wherever it is that requests end: well, with an error, by a hang-up, with the server dead, or mad."""
    with Server(site) as server:
        two_phones_chat(site)
        requests_with_secrets(site)
        with Phone(site, ANN) as ann, Phone(site, BOB) as bob:
            assert (ann.status, bob.status) == (101, 101)
            bob.resets()
            # While a phone is connected.
            server.kill()
            assert ann.stream.read() == b""
    the_server_is_down(site)
    requests_with_secrets(site)
    for says in (b"", b"HTTP/1.1 101 Switching", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"):
        with BadServer(site, says):
            requests_with_secrets(site)
    for name, text in site.logs().items():
        for secret in SECRETS:
            where = text.find(secret)
            assert where < 0, f"{name} names {secret}: {text[max(0, where - 200):where + 100]}"


def the_server_is_down(site):
    with Call(site) as call:
        status = call.sends(upgrade(f"/ws/{ANN}?token={TOKEN}")).answer()
        assert status == 502, status


def without_the_lines_about_logs_a_phone_is_named(site):
    """What makes the claim above mean something: this looks in the right places."""
    with site.proxy(has_silent_logs=False):
        the_server_is_down(site)
        eventually("the log names the phone", lambda: any(ANN in text for text in site.logs().values()))


def a_crowd_gets_through(site):
    site.LIMIT = PHONES // 6
    phones = []
    with Server(site):
        for n in range(PHONES):
            phone = Phone(site, f"{CROWD}{n:04}", f"{AROUND}{n % 6 + 1}")
            phones.append(phone)
            assert phone.status == 101, f"after {n}: {phone.status}"
        for n in (0, PHONES - 1):
            phones[n].says(type="ping")
            phones[n].hears(type="pong")
        for phone in phones:
            phone.__exit__()
    site.LIMIT = Site.LIMIT


def seconds(text):
    """The setting `60s` or `1h` in seconds."""
    amount, unit = re.fullmatch(r"(\d+)(s|min|m|h)", text).groups()
    return int(amount) * {"s": 1, "m": 60, "min": 60, "h": 3600}[unit]


def longest_silence():
    """How long the server bears a silent client, by its own defaults."""
    said = subprocess.run([os.environ["SWITCHBOARD_BIN"], "--help"], capture_output=True, text=True, env={}).stdout
    found = [re.search(rf"--{flag} .*?\[default: (\w+)\]", said, re.S)[1] for flag in ("ping-timeout", "sweep-interval")]
    return sum(map(seconds, found))


def all_have_left(site):
    """Waits until no phone is connected."""
    def is_empty():
        with socket.create_connection(("127.0.0.1", site.admin), WAIT) as one:
            one.sendall(page("/metrics").encode())
            return b"\nswitchboard_websockets 0\n" in one.makefile("rb").read()

    eventually("all have left", is_empty)


def run(site, own_claims):
    """All claims, those of both proxies and this one's own."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    def holds(claim):
        start = time.monotonic()
        claim(site)
        print(f"ok {claim.__name__} ({time.monotonic() - start:.1f} s)", flush=True)

    with_server = [
        two_phones_chat,
        each_address_has_its_own_limit,
        no_phone_chooses_its_own_address,
        port_80_only_redirects,
        operators_pages_are_not_outside,
        the_server_keeps_operators_pages_at_its_admin_listener,
    ]
    try:
        with site.proxy():
            with Server(site):
                for claim in with_server:
                    holds(claim)
                    all_have_left(site)
            # The proxy's line of defence alone: this server would answer.
            with Server(site, has_admin=False):
                for path in "/metrics", "/stats":
                    assert what_is_asked("127.0.0.1", site.public, path) == 200, path
                holds(operators_pages_are_not_outside)
            holds(the_proxy_itself_refuses_operators_pages)
            holds(a_crowd_gets_through)
            holds(no_log_names_a_phone)
        for claim in own_claims + [without_the_lines_about_logs_a_phone_is_named]:
            holds(claim)
    except BaseException:
        for name, text in site.logs().items():
            print(f"--- the end of {name}:\n{text[-1500:]}", file=sys.stderr)
        raise
