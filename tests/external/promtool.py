"""Lets two phones chat, and passes /metrics to promtool. Then the alerts, and a real Prometheus that is set up as
systemd/README.md says. Only the port of the server and the folder /etc/prometheus are other ones here.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import alerts
from document import blocks, replaced

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



def page_of_loadgen():
    """What loadgen tells of a run against a server of its own, in which messages have arrived."""
    command = ["cargo", "run", "--quiet", "--package", "loadgen", "--", "--clients", "10", "--ramp", "200ms"]
    command += ["--duration", "30s", "--rate", "100", "--listen", "0", "--quiet"]
    # What the test itself goes by is no setting of loadgen's server, which would say so.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SWITCHBOARD_")}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=ours, **pipes) as loadgen:
        try:
            address = loadgen.stderr.readline().split("metrics at ")[1].strip()
            while True:
                with urllib.request.urlopen(address, timeout=20) as page:
                    text = page.read()
                if b"\nloadgen_delivery_seconds_count 0\n" not in text:
                    return text
                time.sleep(0.1)
        finally:
            loadgen.send_signal(signal.SIGINT)
            loadgen.wait(60)


page = page_of_loadgen()
checked = subprocess.run([os.environ["PROMTOOL"], "check", "metrics"], input=page, capture_output=True, timeout=30)
said = (checked.stdout + checked.stderr).decode()
assert checked.returncode == 0 and not said, f"promtool on loadgen: exit code {checked.returncode}\n{said}"
print(f"promtool: nothing to say against loadgen's {page.count(b'# TYPE ')} families")

# Checks that promtool refuses a page with a mistake.
broken = metrics + b"# HELP switchboard_mistakes A counter that does not end in _total.\n"
broken += b"# TYPE switchboard_mistakes counter\nswitchboard_mistakes 1\n"
checked = subprocess.run(
    [os.environ["PROMTOOL"], "check", "metrics"], input=broken, capture_output=True, timeout=30
)
assert checked.returncode != 0, "promtool would let anything through"


def install(folder):
    """Gives the documented commands, with this folder in place of /etc/prometheus."""
    commands = blocks("systemd/README.md")["Monitoring", "sh"][0]
    os.makedirs(f"{folder}/bin")
    for name, script in ("sudo", 'exec "$@"'), ("systemctl", 'test "$*" = "reload prometheus"'):
        with open(f"{folder}/bin/{name}", "w") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(f"{folder}/bin/{name}", 0o755)
    os.symlink(os.environ["PROMTOOL"], f"{folder}/bin/promtool")
    environment = dict(os.environ, PATH=f"{folder}/bin:{os.environ['PATH']}")
    commands = replaced(commands, [("/etc/prometheus/", f"{folder}/etc/", 3)])
    os.makedirs(f"{folder}/etc")
    done = subprocess.run(["sh", "-euc", commands], capture_output=True, text=True, timeout=30, env=environment)
    assert done.returncode == 0 and done.stdout.count("SUCCESS") == 3, done


class Prometheus:
    """A real one, with the installed configuration, that scrapes our server."""

    def __init__(self, folder):
        with open(f"{folder}/etc/prometheus.yml") as file:
            text = replaced(file.read(), [("127.0.0.1:8081", SERVER, 1), ("15s", "1s", 2)])
        with open(f"{folder}/etc/prometheus.yml", "w") as file:
            file.write(text)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.log = open(f"{folder}/log", "w+")
        self.process = subprocess.Popen(
            [os.environ["PROMETHEUS"], f"--config.file={folder}/etc/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--web.listen-address={self.address}"],
            stdout=self.log, stderr=subprocess.STDOUT,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def asked(self, path, **query):
        address = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return json.load(answer)["data"]
        except OSError as error:
            if isinstance(error, urllib.error.HTTPError):
                raise AssertionError(f"{query}: {error.read().decode()}") from error
            assert self.process.poll() is None, "Prometheus has ended"
            return None

    def value_of(self, query):
        return (self.asked("query", query=query) or {}).get("result")


def eventually(what, ask):
    end = time.monotonic() + 30
    while not (said := ask()):
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.2)
    return said


def queries():
    """Every query of the dashboard, as Grafana would send it: (metric, query)."""
    with open("systemd/monitoring/dashboard.json") as file:
        panels = [panel for panel in json.load(file)["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        for target in panel["targets"]:
            query = target["expr"].replace("$__rate_interval", "10s").replace("$instance", ".*")
            assert "$" not in query, query
            yield panel["title"], query


def a_real_prometheus_finds_everything(folder):
    with Prometheus(folder) as prometheus:
        eventually("the server is scraped", lambda: prometheus.value_of('up{job="switchboard"} == 1'))
        # A rate needs two scrapes.
        eventually("there are rates", lambda: prometheus.value_of("rate(switchboard_accepted_total[10s])"))
        empty = {name for name, query in queries() if not prometheus.value_of(query)}
        # What depends on the kernel, or has not happened yet.
        assert empty <= {"process_open_fds", "switchboard_websocket_closes_total"}, empty
        groups = eventually("the rules are there", lambda: prometheus.asked("rules"))["groups"]
        eventually(
            "the rules are judged",
            lambda: all(rule["health"] == "ok" for group in prometheus.asked("rules")["groups"] for rule in group["rules"]),
        )
        rules = [rule for group in groups for rule in group["rules"]]
        assert {rule["name"] for rule in rules} == set(alerts.CASES)
        firing = [rule["name"] for rule in prometheus.asked("rules")["groups"][0]["rules"] if rule["state"] != "inactive"]
        assert not firing, f"all is well, and yet: {firing}"
        print(f"promtool: a real Prometheus answers {len(list(queries()))} queries and judges {len(rules)} rules")


with tempfile.TemporaryDirectory() as folder:
    install(folder)
    shutil.copy(alerts.RULES, folder)
    alerts.check(os.environ["PROMTOOL"], folder)
    a_real_prometheus_finds_everything(folder)
