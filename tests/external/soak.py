"""Hostile phones and sessions for as long as one likes, and nothing may grow.

The time is divided into rounds. In each, two loadgens play all their personas against one server, one in
each realm; then they all go, and once the server has noticed it is *at rest*. What it has then it has
kept: a leak shows as a staircase, whatever the load did to memory meanwhile. The first rounds are the
warm-up, in which tables grow to their size.

Every round has numbers and sessions of its own. Of sessions the server remembers the contacts when they
have gone; so that this, too, ends growing, it may remember no more of them than play in a round.
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
PING_TIMEOUT, SWEEP_INTERVAL, PATIENCE, GRACE = 6, 3, 5, 1  # seconds
PERSONAS = "lurker=40 chatter=30 flapper=8 slow-reader=5 silent-drop=4".split()
PERSONAS += "half-open=2 drip=2 garbage=2 flood=2".split()
REALMS = "sca", "session"
# Each round tells its phones in another way who is online, and its sessions have as many devices. The
# first is the one that takes the most memory.
PRESENCE = "full", "delta", "none"
DEVICES = 2, 1
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

    def __init__(self, remembered, kept):
        """It remembers the contacts of so many sessions, and for so many seconds what is not answered."""
        self.log = tempfile.TemporaryFile("w+")
        patience = f"{PATIENCE}s"
        self.process = subprocess.Popen(
            [SERVER, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
            + ["--ping-timeout", f"{PING_TIMEOUT}s", "--sweep-interval", f"{SWEEP_INTERVAL}s"]
            + ["--handshake-timeout", patience, "--frame-timeout", patience]
            + ["--write-timeout", patience, "--close-timeout", "2s"]
            + ["--contact-grace", f"{GRACE}s", "--max-remembered-sessions", str(remembered)]
            + ["--invitation-ttl", f"{kept}s", "--read-ttl", f"{kept}s"],
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
        # Those that nobody has answered, and answers that nobody came to hear: for --invitation-ttl.
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


class Loadgen:
    """One round in one realm. Loadgen keeps books of its own, and fails if they differ from the server's."""

    def __init__(self, server, realm, number, seconds, clients):
        self.report = tempfile.NamedTemporaryFile(suffix=".json")
        self.realm, self.seconds = realm, seconds
        ramp = max(2, seconds // 6)
        command = [LOADGEN, f"ws://{server.address}", "--metrics", f"http://{server.admin_address}"]
        command += ["--protocol", realm, "--clients", clients, "--rate", clients, "--ramp", f"{ramp}s"]
        command += ["--duration", f"{seconds - ramp}s", "--seed", number]
        command += ["--ping-timeout", f"{PING_TIMEOUT}s", "--sweep-interval", f"{SWEEP_INTERVAL}s"]
        command += ["--quiet", "--json", self.report.name]
        for persona in PERSONAS:
            command += ["--persona", persona]
        if realm == "sca":
            command += ["--presence", PRESENCE[number % len(PRESENCE)]]
            command += ["--persona", "refresher=5", "--refresh", "2s"]
        else:
            command += ["--devices", DEVICES[number % len(DEVICES)], "--contact-grace", f"{GRACE}s"]
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self):
        """Its report."""
        try:
            said, _ = self.process.communicate(timeout=self.seconds + 180)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Fault(f"loadgen for {self.realm} never ended") from None
        # 4: the machine was too busy for the latencies to mean anything. The books hold all the same.
        code = self.process.returncode
        hold(code in (0, 4), f"loadgen for {self.realm} ended with {code}:\n{said}")
        return json.load(self.report)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def play(server, number, seconds, clients):
    """One round. Returns how many messages have arrived, by realm."""
    players = [Loadgen(server, realm, number, seconds, clients) for realm in REALMS]
    try:
        delivered = {player.realm: player.finish()["messages"]["delivered"] for player in players}
    finally:
        for player in players:
            player.kill()
    for realm, count in delivered.items():
        hold(count >= LEAST_DELIVERED, f"only {count} messages of {realm} arrived: that says nothing")
    return delivered


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


def rounds_in(minutes):
    """How many rounds, and of how many seconds."""
    rounds = max(4, round(minutes / 2))
    return rounds, max(10, int(minutes * 60 / rounds))


def soak(server, minutes, clients):
    rounds, seconds = rounds_in(minutes)
    server.metrics()
    idle = server.descriptors()
    start, rests = server.resident_mib(), []
    print(
        f"soak: {rounds} rounds of {seconds} s, {clients} phones and {clients} sessions;"
        f" at the start {start:.1f} MiB, {idle} descriptors"
    )
    for number in range(rounds):
        watch = Watch(server)
        watch.start()
        delivered = play(server, number, seconds, clients)
        peaks = watch.finish()
        rests.append(rest(server, idle))
        metrics = server.metrics()
        print(
            f"soak: round {number + 1}: {delivered['sca']} messages of phones, {delivered['session']} of sessions;"
            f" up to {peaks['connections']:.0f} connections,"
            f" {peaks['mib']:.1f} MiB, {peaks['outbox_bytes'] / 1024:.0f} KiB in outboxes;"
            f" at rest {rests[-1]:.1f} MiB, {metrics['switchboard_session_contacts']:.0f} pairs of contacts,"
            f" {metrics['switchboard_invitations']:.0f} invitations",
            flush=True,
        )
    before, after = check_memory(rests)
    metrics = server.metrics()
    made, left = metrics['switchboard_session_contacts_total{event="made"}'], metrics["switchboard_session_contacts"]
    hold(left < made / 2, f"{left:.0f} pairs of contacts are left, of {made:.0f}")
    ended = {
        key.split('"')[1]: int(value)
        for key, value in metrics.items()
        if key.startswith("switchboard_connections_ended_total") and value
    }
    print(
        f"soak: flat: {before:.1f} MiB at rest in the first half, {after:.1f} in the second; {idle} descriptors"
        f" before and after; {metrics['switchboard_accepted_total']:.0f} connections,"
        f" {metrics['switchboard_messages_received_total']:.0f} messages, every one accounted for,"
        f" {metrics['switchboard_session_messages_received_total']:.0f} of them between sessions;"
        f" {made:.0f} pairs of contacts made, {left:.0f} left;"
        f" {metrics['switchboard_connection_slots']:.0f} slots; connections ended: {ended}"
    )


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=1, help="how long they play, in all")
    arguments.add_argument("--clients", type=int, default=300, help="phones, and as many sessions")
    options = arguments.parse_args()
    server = None
    try:
        # Nothing that a session still waits for is given up while its round lasts.
        server = Server(options.clients, 2 * rounds_in(options.minutes)[1])
        soak(server, options.minutes, options.clients)
        server.stop()
    except Fault as fault:
        print(f"soak: FAILED: {fault}")
        sys.exit(1)
    finally:
        if server and server.process.poll() is None:
            server.process.kill()


main()
