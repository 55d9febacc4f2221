"""Hostile phones for as long as one likes, and nothing may grow.

The time is divided into rounds. In each, loadgen plays all its personas; then they all go, and once
the server has noticed it is *at rest*. What it has then it has kept: a leak shows as a staircase, whatever
the load did to memory meanwhile. The first rounds are the warm-up, in which tables grow to their size.
"""

import argparse
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

SERVER = os.environ["SWITCHBOARD_BIN"]
LOADGEN = os.environ["LOADGEN_BIN"]

# Short enough that the server gives up every kind of bad phone several times in a round.
PING_TIMEOUT, SWEEP_INTERVAL, PATIENCE = 6, 3, 5  # seconds
PERSONAS = "lurker=40 chatter=30 refresher=5 flapper=8 slow-reader=5 silent-drop=4".split()
PERSONAS += "half-open=2 drip=2 garbage=2 flood=2".split()
# Each round tells its phones in another way who is online.
PRESENCE = "full", "delta", "none"
# Messages of a round that good phones have exchanged, at the least.
LEAST_DELIVERED = 100

SAMPLE_EVERY = 2  # seconds
# Everybody is gone, lingering ones included, after this.
REST_WITHIN = 60  # seconds
# How much more memory the second half of the rests may show than the first: what an allocator's
# arenas move by. In the shortest run, a leak of 100 bytes a message is more.
GROWTH_MIB, GROWTH_SHARE = 0.5, 0.05


class Fault(Exception):
    """What does not hold, in a sentence."""


def hold(condition, sentence):
    if not condition:
        raise Fault(sentence)


class Server:
    """The server under test, and what can be seen of it from outside."""

    def __init__(self):
        self.log = tempfile.TemporaryFile("w+")
        patience = f"{PATIENCE}s"
        self.process = subprocess.Popen(
            [SERVER, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
            + ["--ping-timeout", f"{PING_TIMEOUT}s", "--sweep-interval", f"{SWEEP_INTERVAL}s"]
            + ["--handshake-timeout", patience, "--frame-timeout", patience]
            + ["--write-timeout", patience, "--close-timeout", "2s"],
            stdin=subprocess.DEVNULL,
            stderr=self.log,
        )
        try:
            self.address, self.admin_address = self.wait_for_addresses()
        except BaseException:
            self.process.kill()
            raise
        self.connection = None

    def wait_for_addresses(self):
        for _ in range(100):
            # Both addresses, the public one first.
            addresses = re.findall(r"\d+\.\d+\.\d+\.\d+:\d+", self.said())
            if len(addresses) >= 2:
                return addresses[0], addresses[1]
            hold(self.process.poll() is None, f"the server did not start: {self.said()}")
            time.sleep(0.1)
        raise Fault("the server does not say where it listens")

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def metrics(self):
        """By one connection, which stays open: so every page counts the same one too many."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.admin_address, timeout=20)
        try:
            self.connection.request("GET", "/metrics")
            page = self.connection.getresponse().read().decode()
        except http.client.RemoteDisconnected:
            # The server lets an idle one go after --handshake-timeout.
            self.connection = None
            return self.metrics()
        lines = (line for line in page.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024

    def stop(self):
        """It has to drain, and end by itself."""
        self.process.send_signal(signal.SIGTERM)
        hold(self.process.wait(60) == 0, "the server did not end well")


def sum_of(metrics, name):
    return sum(value for key, value in metrics.items() if key.split("{")[0] == name)


def check_always(metrics):
    """What holds at every moment, however hostile."""
    ledger = {
        part: sum_of(metrics, f"switchboard_messages_{part}")
        for part in ("received_total", "refused_total", "undelivered_total", "delivered_total", "in_outboxes")
    }
    received = ledger.pop("received_total")
    hold(received == sum(ledger.values()), f"the ledger: {received:.0f} received, but {ledger}")
    connections = metrics["switchboard_connections"]
    timers = metrics['switchboard_timers{of="connections"}']
    hold(timers <= connections, f"{timers:.0f} timers for {connections:.0f} connections")
    hold(connections <= metrics["switchboard_connection_slots"], "more connections than slots")


def what_is_left(metrics):
    """What a server at rest has not let go of. The connection that asks is one itself."""
    allowed = {
        "switchboard_connections": 1,
        'switchboard_timers{of="connections"}': 1,
        # Invitations wait for a day.
        'switchboard_timers{of="chat"}': metrics["switchboard_invitations"],
        "switchboard_websockets": 0,
        "switchboard_numbers_online": 0,
        "switchboard_sessions": 0,
        "switchboard_outbox_bytes": 0,
        "switchboard_inbox_bytes": 0,
        "switchboard_messages_in_outboxes": 0,
    }
    return {name: metrics[name] for name, value in allowed.items() if metrics[name] != value}


class Watch(threading.Thread):
    """Looks at the server every few seconds while loadgen plays."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.over, self.fault = server, threading.Event(), None
        self.peaks = {}

    def run(self):
        try:
            while not self.over.wait(SAMPLE_EVERY):
                metrics = self.server.metrics()
                check_always(metrics)
                self.note("mib", self.server.resident_mib())
                self.note("descriptors", self.server.descriptors())
                for name in ("connections", "outbox_bytes", "inbox_bytes"):
                    self.note(name, metrics[f"switchboard_{name}"])
        except Exception as fault:  # It is for whoever joins this thread.
            self.fault = fault

    def note(self, name, value):
        self.peaks[name] = max(value, self.peaks.get(name, 0))

    def finish(self):
        self.over.set()
        self.join()
        if self.fault:
            raise self.fault
        return self.peaks


def play(server, number, seconds, clients):
    """One round of loadgen, which keeps books of its own. Returns its report."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        ramp = max(2, seconds // 6)
        command = [LOADGEN, f"ws://{server.address}", "--metrics", f"http://{server.admin_address}"]
        command += ["--clients", clients, "--rate", clients, "--ramp", f"{ramp}s"]
        command += ["--duration", f"{seconds - ramp}s", "--seed", number]
        command += ["--presence", PRESENCE[number % len(PRESENCE)], "--refresh", "2s"]
        command += ["--ping-timeout", f"{PING_TIMEOUT}s", "--sweep-interval", f"{SWEEP_INTERVAL}s"]
        command += ["--quiet", "--json", report.name]
        for persona in PERSONAS:
            command += ["--persona", persona]
        ended = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds + 180,
        )
        # 4: the machine was too busy for the latencies to mean anything. The books hold all the same.
        said = ended.stdout + ended.stderr
        hold(ended.returncode in (0, 4), f"loadgen ended with {ended.returncode}:\n{said}")
        return json.load(report)


def rest(server, idle_descriptors):
    """Waits until everybody is gone; returns what the server occupies then, in MiB."""
    deadline = time.monotonic() + REST_WITHIN
    while True:
        metrics = server.metrics()
        check_always(metrics)
        left = what_is_left(metrics)
        descriptors = server.descriptors()
        if not left and descriptors == idle_descriptors:
            return server.resident_mib()
        hold(
            time.monotonic() < deadline,
            f"not at rest after {REST_WITHIN} s: {left}, {descriptors} descriptors instead of {idle_descriptors}",
        )
        time.sleep(0.5)


def check_memory(rests):
    """The staircase: the second half of the rests against the first, the warm-up left out."""
    warm = rests[len(rests) // 3 :]
    half = len(warm) // 2
    before, after = statistics.median(warm[:half]), statistics.median(warm[-half:])
    most = before + max(GROWTH_MIB, before * GROWTH_SHARE)
    hold(after <= most, f"memory at rest has grown from {before:.1f} to {after:.1f} MiB: {rests}")
    return before, after


def soak(server, minutes, clients):
    rounds = max(4, round(minutes / 2))
    seconds = max(10, int(minutes * 60 / rounds))
    server.metrics()
    idle = server.descriptors()
    start, rests = server.resident_mib(), []
    print(f"soak: {rounds} rounds of {seconds} s, {clients} phones; at the start {start:.1f} MiB, {idle} descriptors")
    for number in range(rounds):
        watch = Watch(server)
        watch.start()
        report = play(server, number, seconds, clients)
        peaks = watch.finish()
        rests.append(rest(server, idle))
        delivered = report["messages"]["delivered"]
        hold(delivered >= LEAST_DELIVERED, f"only {delivered} messages arrived: that says nothing")
        print(
            f"soak: round {number + 1}: {delivered} messages; up to {peaks['connections']:.0f} connections,"
            f" {peaks['mib']:.1f} MiB, {peaks['outbox_bytes'] / 1024:.0f} KiB in outboxes;"
            f" at rest {rests[-1]:.1f} MiB",
            flush=True,
        )
    before, after = check_memory(rests)
    metrics = server.metrics()
    ended = {
        key.split('"')[1]: int(value)
        for key, value in metrics.items()
        if key.startswith("switchboard_connections_ended_total") and value
    }
    print(
        f"soak: flat: {before:.1f} MiB at rest in the first half, {after:.1f} in the second; {idle} descriptors"
        f" before and after; {metrics['switchboard_accepted_total']:.0f} connections,"
        f" {metrics['switchboard_messages_received_total']:.0f} messages, every one accounted for;"
        f" {metrics['switchboard_connection_slots']:.0f} slots; connections ended: {ended}"
    )


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=1, help="how long phones play, in all")
    arguments.add_argument("--clients", type=int, default=300)
    options = arguments.parse_args()
    server = None
    try:
        server = Server()
        soak(server, options.minutes, options.clients)
        server.stop()
    except Fault as fault:
        print(f"soak: FAILED: {fault}")
        sys.exit(1)
    finally:
        if server and server.process.poll() is None:
            server.process.kill()


main()
