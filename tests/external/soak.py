"""Hostile phones and sessions play for any length of time, and nothing may grow.

The time is divided into rounds. In each round two loadgens play all their personas against one server, one in
each realm. Then all clients leave. Once the server has noticed that, it is *at rest*. The memory that it has
then is memory that it keeps. So a leak shows as a staircase, whatever the load did to memory meanwhile. The
first rounds are the warm-up, in which tables grow to their size.

Every round has its own numbers and sessions. The server remembers the contacts of sessions that have gone. So
that this memory also stops growing, the server may remember only as many sessions as play in a round.
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

# These are so short that the server disconnects every kind of bad phone several times in a round.
PING_TIMEOUT, SWEEP_INTERVAL, PATIENCE, GRACE = 6, 3, 5, 1  # seconds
PERSONAS = "lurker=40 chatter=30 flapper=8 slow-reader=5 silent-drop=4".split()
PERSONAS += "half-open=2 drip=2 garbage=2 flood=2".split()
REALMS = "sca", "session"
# The mode of presence and the number of devices change from round to round. The first round is the one that
# takes the most memory.
PRESENCE = "full", "delta", "none"
DEVICES = 2, 1
# The least number of messages that good phones exchange in a round.
LEAST_DELIVERED = 100

SAMPLE_EVERY = 2  # seconds
# After this time all clients are gone, lingering connections included.
REST_WITHIN = 60  # seconds
# How much more memory the second half of the rests may have than the first: about as much as an allocator's
# arenas vary. In the shortest run a leak of 100 bytes a message is more than that.
GROWTH_MIB, GROWTH_SHARE = 0.5, 0.05


class Fault(Exception):
    """A check that failed, in a sentence."""


def hold(condition, sentence):
    if not condition:
        raise Fault(sentence)


class Server:
    """The server under test, as seen from outside."""

    def __init__(self, remembered, kept):
        """`remembered`: sessions whose contacts it remembers. `kept`: seconds that an unanswered invitation stays."""
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
            # The log has both addresses, the public one first.
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
        """Reads /metrics over one connection that stays open. So every page counts this connection too."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.admin_address, timeout=20)
        try:
            self.connection.request("GET", "/metrics")
            page = self.connection.getresponse().read().decode()
        except http.client.RemoteDisconnected:
            # The server closes an idle connection after --handshake-timeout.
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
        """Stops the server. It has to drain, and end by itself."""
        self.process.send_signal(signal.SIGTERM)
        hold(self.process.wait(60) == 0, "the server did not end well")


def sum_of(metrics, name):
    return sum(value for key, value in metrics.items() if key.split("{")[0] == name)


def check_always(metrics):
    """Checks what must hold at every moment, however hostile the clients are."""
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
    """Returns what a server at rest still holds. The connection that asks counts too."""
    allowed = {
        "switchboard_connections": 1,
        'switchboard_timers{of="connections"}': 1,
        # Invitations without an answer, and answers that their sender has not heard, stay for --invitation-ttl.
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
    """Checks the server every few seconds while loadgen plays."""

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
        except Exception as fault:  # The thread that joins this one raises it again.
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
    """One round in one realm. loadgen keeps its own books, and fails if they differ from the server's."""

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
        """Waits for its report, and returns it."""
        try:
            said, _ = self.process.communicate(timeout=self.seconds + 180)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Fault(f"loadgen for {self.realm} never ended") from None
        # Exit code 4: the machine was too busy for the latencies to mean anything. The books are right all the same.
        code = self.process.returncode
        hold(code in (0, 4), f"loadgen for {self.realm} ended with {code}:\n{said}")
        # loadgen replaces the file, so the one that is open here stays empty.
        with open(self.report.name) as written:
            return json.load(written)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def play(server, number, seconds, clients):
    """Plays one round. Returns how many messages arrived in each realm."""
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
    """Waits until all clients are gone. Returns the server's memory then, in MiB."""
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
    """Looks for the staircase: compares the second half of the rests with the first, without the warm-up."""
    warm = rests[len(rests) // 3 :]
    half = len(warm) // 2
    before, after = statistics.median(warm[:half]), statistics.median(warm[-half:])
    most = before + max(GROWTH_MIB, before * GROWTH_SHARE)
    hold(after <= most, f"memory at rest has grown from {before:.1f} to {after:.1f} MiB: {rests}")
    return before, after


def rounds_in(minutes):
    """Returns the number of rounds, and the seconds of each."""
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
        # Within a round the server keeps everything that a session still waits for.
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
