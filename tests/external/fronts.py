"""HAProxy, nginx and Caddy in front of a server at a Unix socket, or with the PROXY protocol.

Each front is a proxy's configuration and the server's settings that belong to it. Phones call the front from two
addresses, without TLS. The claims are the same for each: phones chat, each address has its own limit, no phone chooses
its own address, and a server that was killed is found again at the same place.
"""

import contextlib
import os
import subprocess
import sys
import tempfile

import proxies
from proxies import ANN, BOB, CAROL, ELSEWHERE, HERE, Call, ended, eventually, free_port, page, upgrade

HAPROXY = """
defaults
  mode {mode}
  timeout connect 5s
  timeout client 90s
  timeout server 90s
  {more}
frontend phones
  bind 127.0.0.1:{port}
  default_backend switchboard
backend switchboard
  option httpchk GET /health
  server s {place} {options} check inter 100ms fastinter 100ms rise 1
"""

NGINX = """
{modules}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ }}
{kind} {{
  {paths}
  server {{
    listen 127.0.0.1:{port};
    {server}
  }}
}}
"""

NGINX_HTTP = """
    location / {{
      proxy_pass http://unix:{socket};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $http_connection;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
"""

CADDY = """
{{
  admin off
  auto_https off
  default_bind 127.0.0.1
}}
http://:{port} {{
  reverse_proxy unix/{socket}
}}
"""

# Where a package puts it.
STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"


class Front:
    """One proxy, and the server behind it."""

    def __init__(self, folder, name, proxy, settings):
        self.folder, self.name, self.settings = folder, name, settings
        self.http, self.public = free_port(), free_port()
        self.socket = f"{folder}/http.sock"
        self.command = proxy(self)

    def file(self, name, text):
        path = f"{self.folder}/{name}"
        with open(path, "w") as file:
            file.write(text)
        return path

    def log(self, name):
        return open(f"{self.folder}/{name}.log", "a")

    @contextlib.contextmanager
    def running(self, command, **environment):
        log = self.log(os.path.basename(command[0]))
        process = subprocess.Popen(command, env={"HOME": self.folder, **environment}, stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                ended(process)

    def server(self):
        place = f"unix:{self.socket}" if self.settings["SWITCHBOARD_TRUSTED_PROXY"] == "unix" else f"127.0.0.1:{self.public}"
        named = {"SWITCHBOARD_LISTEN": place, "SWITCHBOARD_MAX_CONNECTIONS_PER_ADDRESS": "2"}
        # The workers of nginx are nobody.
        named |= {"SWITCHBOARD_SOCKET_MODE": "0666", **self.settings}
        return self.running([os.environ["SWITCHBOARD_BIN"]], **named)


class Phone(proxies.Phone):
    """A request for a WebSocket by way of the front, and the WebSocket if there is one."""

    def __init__(self, front, mobile, address=HERE, more=""):
        Call.__init__(self, front, address, tls=False)
        self.status = self.sends(upgrade(f"/ws/{mobile}?presence=none", more)).answer()


def haproxy(mode, more, options, is_unix=True):
    def command(front):
        place = f"unix@{front.socket}" if is_unix else f"127.0.0.1:{front.public}"
        text = HAPROXY.format(mode=mode, more=more, port=front.http, place=place, options=options)
        return ["haproxy", "-db", "-f", front.file("haproxy.cfg", text)]

    return command


def nginx(kind):
    def command(front):
        if kind == "stream":
            modules, paths = f"load_module {STREAM};", ""
            server = f"proxy_pass unix:{front.socket}; proxy_protocol on;"
        else:
            modules, server = "", NGINX_HTTP.format(socket=front.socket)
            kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            paths = "access_log off;" + "".join(f"{kind}_temp_path {front.folder}/{kind};" for kind in kinds)
        text = NGINX.format(modules=modules, folder=front.folder, kind=kind, paths=paths, port=front.http, server=server)
        return ["nginx", "-p", front.folder, "-e", f"{front.folder}/nginx.log", "-c", front.file("nginx.conf", text)]

    return command


def caddy(front):
    text = CADDY.format(port=front.http, socket=front.socket)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", front.file("Caddyfile", text)]


FROM_STREAM = nginx("stream")
UNIX = {"SWITCHBOARD_TRUSTED_PROXY": "unix"}
UNIX_AND_HEADER = {**UNIX, "SWITCHBOARD_PROXY_PROTOCOL": "true"}
TCP_AND_HEADER = {"SWITCHBOARD_TRUSTED_PROXY": "127.0.0.1", "SWITCHBOARD_PROXY_PROTOCOL": "true"}
FRONTS = {
    "HAProxy, HTTP over a Unix socket": (haproxy("http", "option forwardfor", ""), UNIX),
    "HAProxy, PROXY protocol 1 over a Unix socket": (haproxy("tcp", "", "send-proxy"), UNIX_AND_HEADER),
    # Its health checks are its own connections: LOCAL.
    "HAProxy, PROXY protocol 2 over TCP": (
        haproxy("tcp", "", "send-proxy-v2 check-send-proxy proxy-v2-options crc32c", is_unix=False),
        TCP_AND_HEADER,
    ),
    "nginx, HTTP over a Unix socket": (nginx("http"), UNIX),
    "nginx, PROXY protocol 1 over a Unix socket": (FROM_STREAM, UNIX_AND_HEADER),
    "Caddy, HTTP over a Unix socket": (caddy, UNIX),
}


def is_well(front):
    """Whether the front reaches the server."""
    try:
        with Call(front, tls=False) as call:
            return call.sends(page("/health")).answer() == 200
    except (OSError, IndexError, ValueError):
        return False


def two_phones_chat(front):
    with Phone(front, ANN) as ann, Phone(front, BOB, ELSEWHERE) as bob:
        assert (ann.status, bob.status) == (101, 101), (ann.status, bob.status)
        ann.says(type="message", to=BOB, text="hello", id="1")
        bob.hears(type="message", **{"from": ANN}, text="hello", id="1")
        ann.hears(type="ack", id="1", status="delivered")


def each_address_has_its_own_limit(front):
    with Phone(front, ANN) as ann, Phone(front, BOB) as bob:
        assert (ann.status, bob.status) == (101, 101)
        for made_up in ("", "X-Forwarded-For: 198.51.100.1\r\n", "X-Forwarded-For: 127.0.0.1\r\n"):
            with Phone(front, CAROL, more=made_up) as carol:
                assert carol.status == 503, (made_up, carol.status)
        with Phone(front, CAROL, ELSEWHERE) as carol:
            assert carol.status == 101, carol.status


def claims(front):
    with front.running(front.command, PATH=os.environ["PATH"]):
        with front.server() as server:
            eventually("the front reaches the server", lambda: is_well(front))
            two_phones_chat(front)
            each_address_has_its_own_limit(front)
            server.kill()
            server.wait()
        with front.server():
            eventually("the front reaches the next server", lambda: is_well(front))
            two_phones_chat(front)
    assert not os.path.exists(front.socket), "the server has left its file behind"


if __name__ == "__main__":
    for name, (proxy, settings) in FRONTS.items():
        if proxy is FROM_STREAM and not os.path.exists(STREAM):
            print(f"passed over: {name}: nginx has no stream module here")
            continue
        with tempfile.TemporaryDirectory(prefix="fronts-") as folder:
            os.chmod(folder, 0o755)
            front = Front(folder, name, proxy, settings)
            try:
                claims(front)
            except BaseException:
                for log in sorted(os.listdir(folder)):
                    if log.endswith(".log"):
                        with open(f"{folder}/{log}") as file:
                            print(f"--- the end of {log}:\n{file.read()[-1500:]}", file=sys.stderr)
                raise
            print(f"ok {name}", flush=True)
