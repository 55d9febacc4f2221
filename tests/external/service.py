"""What systemd makes of the units: started, watched, restarted, killed, with clients all the while.

Runs as root in a container of its own, whose PID 1 is a real systemd. Each function is one claim,
and they hold in this order. Clients are plain sockets; none of them waits for longer than WAIT.
"""

import base64
import os
import resource
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

WAIT = 20
STORM = 10_000
UNIT = "switchboard.service"
ADDRESS = ("127.0.0.1", 8080)


def systemctl(*words):
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True, timeout=WAIT)
    assert done.returncode == 0, f"systemctl {' '.join(words)}: {done.stderr.strip()}"
    return done.stdout


def shown(name, unit=UNIT):
    return systemctl("show", "--value", f"--property={name}", unit).strip()


def pid():
    main = int(shown("MainPID"))
    assert main > 1, "it does not run"
    return main


def process(name, which=None):
    """A line of proc(5)'s status, of the server."""
    with open(f"/proc/{which or pid()}/status") as lines:
        return next(line.split(":", 1)[1].split() for line in lines if line.startswith(name + ":"))


def eventually(what, holds):
    end = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)


def request(mobile):
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws/{mobile}?presence=none HTTP/1.1\r\nHost: switchboard\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


class Phone:
    """A WebSocket. Not to be let in, or to be cut off without a close frame, is a failure."""

    def __init__(self, mobile):
        self.socket = socket.create_connection(ADDRESS, WAIT)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(request(mobile))
        status = self.stream.readline()
        assert status.startswith(b"HTTP/1.1 101 "), status
        while self.stream.readline() != b"\r\n":
            pass

    def send(self, text):
        # A mask of zeros leaves the text as it is.
        self.socket.sendall(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode())

    def hear(self):
        """The next text; None for a close frame with code 1001."""
        head = self.stream.read(2)
        assert len(head) == 2, "cut off without a word"
        text = self.stream.read(head[1])
        if head[0] == 0x88:
            assert struct.unpack("!H", text[:2]) == (1001,), text
            return None
        return text.decode()

    def close(self):
        self.stream.close()
        self.socket.close()


def chat():
    ann, bob = Phone("0012345678"), Phone("0087654321")
    ann.send('{"type":"message","to":"0087654321","text":"hi"}')
    assert bob.hear() == '{"type":"message","from":"0012345678","text":"hi"}'
    ann.close()
    bob.close()


def an_operator_starts_it_and_it_serves_from_then_on():
    systemctl("start", UNIT)
    chat()
    eventually("the figures", lambda: "messages" in shown("StatusText"))


def it_has_no_right_that_it_does_not_need():
    # The container has filters of its own.
    theirs, ours = (int(process("Seccomp_filters", which)[0]) for which in (pid(), "self"))
    assert theirs > ours, "its system calls are not filtered"
    assert process("NoNewPrivs") == ["1"]
    assert all(int(process(name)[0], 16) == 0 for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb"))
    assert "0" not in process("Uid"), "root"
    with open(f"/proc/{pid()}/limits") as limits:
        core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"], core


def a_hangup_loses_nobody():
    phone, before = Phone("0012345678"), pid()
    for name in "HUP", "USR2", "PWR", "ALRM":
        systemctl("kill", "-s", name, UNIT)
    phone.send('{"type":"ping"}')
    assert phone.hear() == '{"type":"pong"}'
    assert (pid(), shown("NRestarts")) == (before, "0")
    phone.close()


def a_wedged_loop_is_found_out_and_the_server_started_again():
    wedged = pid()
    os.kill(wedged, signal.SIGSTOP)
    eventually("another process", lambda: int(shown("MainPID")) not in (0, wedged))
    eventually("it serves", lambda: shown("ActiveState") == "active")
    assert shown("NRestarts") == "1"
    chat()


def a_stop_sends_everybody_home_and_ends_well():
    phone = Phone("0012345678")
    stop = threading.Thread(target=systemctl, args=("stop", UNIT))
    stop.start()
    assert phone.hear() is None
    phone.close()
    stop.join()
    assert (shown("ActiveState"), shown("Result")) == ("inactive", "success")


def with_the_socket_the_first_caller_starts_it():
    shutil.copytree("/opt/story/switchboard.service.d", f"/etc/systemd/system/{UNIT}.d", dirs_exist_ok=True)
    for name in "switchboard.socket", "switchboard-admin.socket":
        shutil.copy(f"/opt/story/{name}", "/etc/systemd/system")
    systemctl("daemon-reload")
    systemctl("start", "switchboard.socket", "switchboard-admin.socket")
    assert shown("ActiveState") == "inactive"
    chat()
    assert shown("ActiveState") == "active"


def the_operators_pages_are_on_a_socket_of_their_own():
    for port, status in (8080, b"404"), (8081, b"200"):
        with socket.create_connection(("127.0.0.1", port), WAIT) as one:
            one.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            said = one.recv(12)
            assert said == b"HTTP/1.1 " + status, (port, said)


def it_then_has_no_network_of_its_own():
    theirs, ours = (os.readlink(f"/proc/{which}/ns/net") for which in (pid(), "self"))
    assert theirs != ours


def a_restart_refuses_nobody_and_loses_nobody():
    over, visits, failures = threading.Event(), [], []

    def visitor(mobile):
        while not over.is_set():
            try:
                phone = Phone(mobile)
                phone.send('{"type":"ping"}')
                assert phone.hear() in ('{"type":"pong"}', None)
                phone.close()
                visits.append(mobile)
            except Exception as failure:
                failures.append(failure)
                return

    crowd = [threading.Thread(target=visitor, args=(f"10000000{n:02}",)) for n in range(20)]
    for one in crowd:
        one.start()
    for _ in range(5):
        before = len(visits)
        systemctl("restart", UNIT)
        eventually("clients are served", lambda: failures or len(visits) > before + 100)
    over.set()
    for one in crowd:
        one.join()
    assert not failures, f"{len(failures)} of {len(crowd)} failed: {failures[0]!r}"
    print(f"service: {len(visits)} visits during 5 restarts")


def a_kill_refuses_nobody_who_comes_after_it():
    before = pid()
    os.kill(before, signal.SIGKILL)
    chat()
    assert pid() != before


def a_storm_of_ten_thousand_after_a_restart_is_let_in():
    """All at once, as phones come back: none is refused, and all are let in."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (STORM + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    systemctl("stop", "--no-block", UNIT)
    # Whoever comes before that is let in by the old process, and sent home by it.
    eventually("the old process is gone", lambda: shown("ActiveState") in ("inactive", "failed"))
    start, poll = time.monotonic(), selectors.DefaultSelector()
    for n in range(STORM):
        one = socket.socket()
        one.setblocking(False)
        assert one.connect_ex(ADDRESS) in (0, 115), "refused"
        poll.register(one, selectors.EVENT_WRITE, n)
    let_in, open_ones = 0, []
    while let_in < STORM:
        ready = poll.select(WAIT)
        assert ready, f"{let_in} of {STORM} were let in, and then nobody"
        for key, events in ready:
            if events & selectors.EVENT_WRITE:
                error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                assert error == 0, f"after {let_in}: {os.strerror(error)}"
                key.fileobj.sendall(request(f"20000{key.data:05}"))
                poll.modify(key.fileobj, selectors.EVENT_READ, key.data)
            else:
                said = key.fileobj.recv(4096)
                assert said.startswith(b"HTTP/1.1 101 "), (let_in, said)
                poll.unregister(key.fileobj)
                open_ones.append(key.fileobj)
                let_in += 1
    print(f"service: {STORM} let in within {time.monotonic() - start:.1f} s of a restart")
    eventually("the figures", lambda: shown("StatusText").startswith(f"{STORM} connected"))
    for one in open_ones:
        one.close()


CLAIMS = [
    an_operator_starts_it_and_it_serves_from_then_on,
    it_has_no_right_that_it_does_not_need,
    a_hangup_loses_nobody,
    a_wedged_loop_is_found_out_and_the_server_started_again,
    a_stop_sends_everybody_home_and_ends_well,
    with_the_socket_the_first_caller_starts_it,
    the_operators_pages_are_on_a_socket_of_their_own,
    it_then_has_no_network_of_its_own,
    a_restart_refuses_nobody_and_loses_nobody,
    a_kill_refuses_nobody_who_comes_after_it,
    a_storm_of_ten_thousand_after_a_restart_is_let_in,
]

failed = 0
for claim in CLAIMS:
    try:
        claim()
    except Exception as error:
        failed += 1
        print(f"service: {claim.__name__} does not hold: {error!r}")
if failed:
    print(subprocess.run(["journalctl", "--no-pager", "-n", "40"], capture_output=True, text=True).stdout)
print(f"service: {len(CLAIMS) - failed} of {len(CLAIMS)} claims hold")
sys.exit(failed > 0)
