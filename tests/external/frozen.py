"""Freezes half of the phones. The others lose nothing, and the server queues little for the frozen ones.

Until the ping timeout the frozen phones count as online, and the server sends them lists that they do not take.
Then they are gone.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ADDRESS = os.environ["SWITCHBOARD_ADDRESS"]
HALF = 200
# More bytes than a list of all phones.
LIST_BYTES = 2 * HALF * 32
# loadgen's exit code if its machine was too busy for the latencies to mean anything. Its books are right.
BUSY = 4
FAULTS = ("lost", "duplicated", "misdelivered", "reordered", "misattributed", "garbled")
# Seconds. The limit for what takes only as long as the machine needs. No check passes by waiting that long.
PATIENCE = 60


def metric(name):
    with urllib.request.urlopen(f"http://{ADDRESS}/metrics", timeout=PATIENCE) as page:
        lines = page.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith(name + " ")).split()[1])


def loadgen(seed, *flags):
    command = [os.environ["LOADGEN_BIN"], f"ws://{ADDRESS}", "--quiet", "--clients", str(HALF), "--seed", str(seed)]
    command += ["--ramp", "1s", "--heartbeat", "1s", *flags]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def eventually(what, holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.1)


def main():
    frozen = loadgen(1, "--duration", "1h", "--rate", "100", "--presence", "full")
    lively = None
    try:
        eventually("one half is there", lambda: metric("switchboard_websockets") == HALF)
        frozen.send_signal(signal.SIGSTOP)
        # Each phone that flaps changes the list, and the server sends that to the frozen phones.
        report = tempfile.NamedTemporaryFile(suffix=".json")
        lively = loadgen(2, "--json", report.name, "--duration", "12s", "--rate", "200", "--presence", "full",
                         "--persona", "chatter=5", "--persona", "flapper=5")
        most_there, most_queued = 0, 0
        while lively.poll() is None:
            most_there = max(most_there, metric("switchboard_websockets"))
            most_queued = max(most_queued, metric("switchboard_outbox_bytes"))
            time.sleep(0.2)
        said = lively.stdout.read().decode()
        assert lively.returncode in (0, BUSY), f"the other half ended with {lively.returncode}:\n{said[-3000:]}"
        # loadgen replaces the file, so the one that is open here stays empty.
        with open(report.name) as written:
            messages = json.load(written)["messages"]
        faults = {fault: messages[fault] for fault in FAULTS if messages[fault] != 0}
        assert messages["delivered"] > 0 and not faults, f"the other half: {faults or messages}"
        assert most_there > HALF, "the two halves were never there together"
        eventually("the frozen half is given up", lambda: metric("switchboard_websockets") == 0)
        gone = metric('switchboard_connections_ended_total{outcome="silent"}')
        assert gone >= HALF, f"{gone:.0f} of {HALF} were given up for their silence"
        # No phone has two lists in its outbox, however often they change.
        assert most_queued < 2 * HALF * LIST_BYTES, f"{most_queued:.0f} bytes were queued"
        print(f"frozen: {HALF} of {2 * HALF} were stopped and given up; the others got {messages['delivered']} messages "
              f"and lost none; {most_queued / 1024:.0f} KiB were queued at the most")
    finally:
        for process in filter(None, (frozen, lively)):
            process.kill()
            process.wait()


sys.exit(main())
