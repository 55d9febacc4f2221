"""What systemd makes of the units: installed, started, watched, restarted, killed, with clients all the while.

Runs as root in a container of its own, whose PID 1 is a real systemd. Each function is one claim,
and they hold in this order. Clients are plain sockets; none of them waits for longer than WAIT.

The commands are those of systemd/README.md as they stand, but that the server is built already. `sudo` is a script
that runs its arguments, since the container may have none.
"""

import base64
import contextlib
import json
import os
import resource
import selectors
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
import uuid

from document import blocks

WAIT = 20
STORM = 10_000
UNIT = "switchboard.service"
ADDRESS = ("127.0.0.1", 8080)
DOCUMENT = blocks("systemd/README.md")


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


def request(path):
    """What the proxy passes on, each time for a client at another address: one alone would reach its limits."""
    client = ".".join(map(str, (10, *os.urandom(3))))
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: switchboard\r\nUpgrade: websocket\r\nX-Forwarded-For: {client}\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


class Phone:
    """A WebSocket. Not to be let in, or to be cut off without a close frame, is a failure."""

    def __init__(self, mobile):
        self.socket = socket.create_connection(ADDRESS, WAIT)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(request(f"/ws/{mobile}?presence=none"))
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


def give(heading, which=0):
    """Gives the commands below a heading."""
    commands = DOCUMENT[heading, "sh"][which].replace("cargo build --release\n", "")
    return subprocess.run(["sh", "-euc", commands], capture_output=True, text=True, timeout=3 * WAIT)


def obey(heading, which=0):
    """Gives the commands below a heading, and returns what they say."""
    done = give(heading, which)
    assert done.returncode == 0, f"{heading}, {which}: {done.stderr.strip()}"
    return done.stdout


def asked(port, path):
    """The status of a page."""
    with socket.create_connection(("127.0.0.1", port), WAIT) as one:
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        return int(one.recv(12).split()[1])


def nothing_listens_beyond_the_loopback():
    """proc(5): every listening TCP socket, as ADDRESS:PORT in hexadecimal digits, the address in the order of the bytes here."""
    ports = set()
    for table in "tcp", "tcp6":
        with open(f"/proc/net/{table}") as lines:
            for _, local, _, state, *_ in (line.split() for line in list(lines)[1:]):
                if state == "0A":
                    address, port = local.split(":")
                    assert address == "0100007F", f"{address}, port {int(port, 16)}"
                    ports.add(int(port, 16))
    assert {8080, 8081} <= ports, ports


def operators_pages_are_at_the_admin_listener_alone():
    for path in "/metrics", "/trace":
        assert (asked(8080, path), asked(8081, path)) == (404, 200), path
    assert (asked(8080, "/stats"), asked(8081, "/stats")) == (200, 200)
    nothing_listens_beyond_the_loopback()


def an_operator_installs_it_and_it_serves_from_then_on():
    # What every machine has, but not this container.
    os.makedirs("/etc/default", exist_ok=True)
    obey("Installing")
    chat()
    eventually("the figures", lambda: "messages" in shown("StatusText"))
    assert systemctl("is-enabled", UNIT) == "enabled\n"
    operators_pages_are_at_the_admin_listener_alone()


def a_careless_file_of_settings_does_not_open_operators_pages():
    """The unit itself keeps them apart."""
    with open("/etc/default/switchboard", "w") as file:
        file.write("SWITCHBOARD_LISTEN=0.0.0.0:8080\n")
    systemctl("restart", UNIT)
    assert (asked(8080, "/metrics"), asked(8080, "/trace"), asked(8081, "/metrics")) == (404, 404, 200)


def public_pages_of_the_operator_are_warned_of():
    for settings, is_warned in (
        ({"SWITCHBOARD_LISTEN": "0.0.0.0:0"}, True),
        ({"PORT": "8082"}, True),
        ({"SWITCHBOARD_LISTEN": "0.0.0.0:0", "SWITCHBOARD_ADMIN_LISTEN": "127.0.0.1:0"}, False),
        ({"SWITCHBOARD_LISTEN": "127.0.0.1:0"}, False),
        ({"SWITCHBOARD_LISTEN": "[::ffff:127.0.0.1]:0"}, False),
    ):
        server = subprocess.Popen(["/usr/local/bin/switchboard"], env=settings, stderr=subprocess.PIPE, text=True)
        heard = server.stderr.readline()
        server.terminate()
        heard += server.stderr.read()
        assert server.wait(WAIT) == 0 and "listening on" in heard, heard
        assert ("level=warn msg=\"every client can read the operator's pages" in heard) == is_warned, (settings, heard)


def without_proc_a_figure_is_missing_and_not_zero():
    hide = 'mount -t tmpfs none /proc && exec /usr/local/bin/switchboard --listen 127.0.0.1:8083'
    server = subprocess.Popen(["unshare", "-m", "sh", "-c", hide], env={"PATH": os.environ["PATH"]}, stderr=subprocess.PIPE, text=True)
    assert "listening on" in server.stderr.readline()
    with socket.create_connection(("127.0.0.1", 8083), WAIT) as one:
        one.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        page = one.makefile("r").read()
    server.terminate()
    assert server.wait(WAIT) == 0
    told = {line.split()[0] for line in page.splitlines() if line.startswith("process_")}
    assert told == {"process_start_time_seconds", "process_cpu_seconds_total", "process_max_fds"}, told


def a_name_server_that_does_not_answer_keeps_nobody_from_ending_the_start():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 53))
        mute.settimeout(WAIT)
        if os.path.lexists("/etc/resolv.conf"):
            os.remove("/etc/resolv.conf")
        with open("/etc/resolv.conf", "w") as file:
            file.write("nameserver 127.0.0.1\noptions timeout:30\n")
        command = ["/usr/local/bin/switchboard", "--listen", "a-name.example:8082"]
        server = subprocess.Popen(command, env={}, stderr=subprocess.PIPE, text=True)
        assert b"a-name" in mute.recv(1024), "it asks for another name"
        server.send_signal(signal.SIGINT)
        begun = time.monotonic()
        assert server.wait(WAIT) == 0, server.stderr.read()
        assert time.monotonic() - begun < 3


def behind_a_proxy_it_is_on_the_loopback_again():
    obey("Behind a proxy")
    chat()
    operators_pages_are_at_the_admin_listener_alone()


@contextlib.contextmanager
def settings_with(more, keep=True):
    """The settings with these lines behind them, or in their place, for a while."""
    path = "/etc/default/switchboard"
    with open(path) as file:
        good = file.read()
    try:
        with open(path, "w") as file:
            file.write(good + more if keep else more)
        yield
    finally:
        with open(path, "w") as file:
            file.write(good)


def a_wrong_setting_is_found_before_the_restart_and_nobody_notices():
    phone, before = Phone("0012345678"), pid()
    # The second is more than the unit's limit on descriptors, and less than that of other processes.
    wrong = "SWITCHBOARD_MESSAGE_RATE=lots\nSWITCHBOARD_MAX_CONNECTIONS=70000\nSWITCHBOARD_MESAGE_RATE=10\n"
    with settings_with(wrong):
        refused = give("Changing the settings")
    said = refused.stdout + refused.stderr
    assert refused.returncode == 2, (refused.returncode, said)
    for mistake in "SWITCHBOARD_MESSAGE_RATE: ", "--max-connections 70000 needs", "there is no variable SWITCHBOARD_MESAGE_RATE":
        assert said.count(mistake) == 1, (mistake, said)
    phone.send('{"type":"ping"}')
    assert phone.hear() == '{"type":"pong"}'
    phone.close()
    assert pid() == before, "it was restarted"
    with settings_with("SWITCHBOARD_MESSAGE_RATE=100:200\n\nSWITCHBOARD_BYTE_RATE=\n"):
        obey("Changing the settings")
    chat()
    assert pid() != before, "it was not restarted"


def expect_refusal(heading, mistake):
    """The commands below a heading find this mistake, and restart nothing."""
    before, refused = pid(), give(heading)
    said = refused.stdout + refused.stderr
    assert refused.returncode == 2 and said.count(mistake) == 1, (refused.returncode, said)
    assert pid() == before, "it was restarted"


def a_setting_that_contradicts_the_unit_is_found_before_the_restart():
    # The unit itself has the operator's pages there.
    with settings_with("SWITCHBOARD_LISTEN=127.0.0.1:8081\n", keep=False):
        expect_refusal("Changing the settings", "--admin-listen and --listen: ")
    chat()


def a_start_with_a_wrong_setting_is_an_error_in_the_journal_and_no_endless_loop():
    with settings_with("SWITCHBOARD_MESSAGE_RATE=lots\n"):
        failed = subprocess.run(["systemctl", "restart", UNIT], capture_output=True, timeout=WAIT)
        # RestartSec= is one second. A loop would be at its next round by then.
        time.sleep(2.5)
    state = [shown(name) for name in ("ActiveState", "NRestarts", "ExecMainStatus")]
    errors = ["journalctl", "-q", "-p", "err", "-o", "cat", f"_SYSTEMD_UNIT={UNIT}"]
    errors = subprocess.run(errors, capture_output=True, text=True, timeout=WAIT).stdout
    obey("Changing the settings")
    chat()
    assert failed.returncode != 0 and state == ["failed", "0", "2"], (failed, state)
    assert errors.startswith("switchboard: SWITCHBOARD_MESSAGE_RATE: "), errors


def the_token_and_the_traces_work_as_documented():
    heading = "The operator's token, and a file for traces"
    obey(heading)
    with open("/etc/switchboard/admin-token") as file:
        token = file.read().strip()
    assert os.stat("/etc/switchboard/admin-token").st_mode & 0o777 == 0o600
    # A session is online, and only the bearer of the token learns which.
    with socket.create_connection(ADDRESS, WAIT) as ann:
        ann.sendall(request("/ws"))
        assert ann.recv(4096).startswith(b"HTTP/1.1 101 ")
        auth = b'{"type":"auth","data":{"sessionId":"ann"}}'
        ann.sendall(bytes([0x81, 0x80 | len(auth)]) + bytes(4) + auth)
        assert b"authenticated" in ann.recv(4096)
        said = json.loads(obey(heading, 1))
        # At the public listener the token opens nothing, and at the operator's nothing opens without it.
        for port, header in (8080, f"Authorization: Bearer {token}\r\n"), (8081, ""):
            with socket.create_connection(("127.0.0.1", port), WAIT) as one:
                one.sendall(f"GET /stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{header}\r\n".encode())
                plain = json.loads(one.makefile("rb").read().split(b"\r\n\r\n")[1])
            assert (plain["active_sessions"], plain["activeUsers"]) == (1, []), (port, plain)
    assert said["activeUsers"] == ["ann"], said
    for name in "environ", "cmdline":
        with open(f"/proc/{pid()}/{name}") as file:
            assert token not in file.read(), name
    trace = "/run/switchboard/trace.json"
    eventually("a trace", lambda: os.path.exists(trace))
    with open(trace) as file:
        assert json.load(file)
    assert os.stat("/run/switchboard/").st_mode & 0o777 == 0o700
    # It outlives the process that wrote it.
    systemctl("restart", UNIT)
    assert os.path.exists(trace)
    the_token_is_checked_with_all_other_settings(heading, token)


def the_token_is_checked_with_all_other_settings(heading, token):
    path = "/etc/switchboard/admin-token"
    with open(path, "w") as file:
        file.write("two words\n")
    expect_refusal("Changing the settings", "--admin-token-file ")
    with open(path, "w") as file:
        file.write(token + "\n")
    # The unit has its lines for the token already, so the commands change nothing more before they check.
    with settings_with("SWITCHBOARD_MESSAGE_RATE=lots\n"):
        expect_refusal(heading, "SWITCHBOARD_MESSAGE_RATE: ")
    # The credential is gone while the service is stopped. Its file is not.
    systemctl("stop", UNIT)
    obey("Changing the settings")
    chat()


def settings_change_without_a_restart():
    heading, path = "Without a restart", "/etc/switchboard/settings"
    obey(heading)
    phone, before = Phone("0012345678"), pid()
    obey(heading, 1)
    changed = "reloaded: --message-rate is 400:800 (it was 300:600)"
    eventually("the change is in the journal", lambda: changed in journal())
    with open(path) as file:
        good = file.read()
    with open(path, "w") as file:
        file.write("SWITCHBOARD_MESSAGE_RATE=lots\n")
    refused = subprocess.run(["systemctl", "reload", UNIT], capture_output=True, timeout=WAIT)
    with open(path, "w") as file:
        file.write(good)
    assert refused.returncode != 0, "a mistake is no reason not to reload"
    eventually("the mistake is in the journal", lambda: "settings, line 1: SWITCHBOARD_MESSAGE_RATE: " in journal())
    phone.send('{"type":"ping"}')
    assert phone.hear() == '{"type":"pong"}'
    phone.close()
    assert (pid(), shown("ActiveState")) == (before, "active")


def journal():
    command = ["journalctl", "-q", "-o", "cat", f"_SYSTEMD_UNIT={UNIT}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT).stdout


def memory_of_incomplete_messages_is_given_back():
    def resident():
        return int(process("VmRSS")[0])

    before, crowd, most = resident(), [Phone(f"{n:010}") for n in range(500)], 30_000
    for phone in crowd:
        phone.socket.sendall(bytes([0x81, 0xFF]) + struct.pack("!Q", 65536) + bytes(4) + b"x" * 65000)
    eventually("they are in memory", lambda: resident() > before + most)
    for phone in crowd:
        phone.close()
    eventually("their memory is given back", lambda: resident() < before + most / 3)


def post(path, username):
    """The answer to a request with a name and a password."""
    body = json.dumps({"username": username, "password": "correct horse"})
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(ADDRESS, WAIT) as one:
        one.sendall((head + body).encode())
        head, body = one.makefile("rb").read().split(b"\r\n\r\n", 1)
    return int(head.split()[1]), json.loads(body)


def users_are_kept_and_come_back_from_a_copy_when_the_folder_is_lost():
    heading, folder = "Users, and messages that are kept", "/var/lib/switchboard/"
    assert post("/register", "ada") == (404, {"detail": "accounts are off: start the server with --data DIR"})
    obey(heading, 0)
    assert os.stat(folder).st_mode & 0o077 == 0
    assert post("/register", "ada")[0] == 200
    systemctl("restart", UNIT)
    assert post("/login", "ada")[0] == 200
    assert "ada" in obey(heading, 1)
    assert post("/register", "bob")[0] == 200, "it comes after the copy"
    systemctl("stop", UNIT)
    for name in os.listdir(folder):
        os.remove(folder + name)
    assert "sound" in obey(heading, 2)
    assert post("/login", "ada")[0] == 200
    assert post("/login", "bob")[0] == 401
    users_of_mychat_are_taken_over()
    chat()
    os.remove("/etc/systemd/system/switchboard.service.d/data.conf")
    systemctl("daemon-reload")
    systemctl("restart", UNIT)
    assert post("/login", "ada")[0] == 404


def users_of_mychat_are_taken_over():
    """A folder as MyChat leaves it, with one user. The service can read what root has written."""
    heading, folder = "Coming from MyChat, WebSocket Chat or Chatterbox", "/srv/mychat/"
    # "correct horse" with small parameters, by Argon2's reference implementation.
    password = "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MjZP1+1U9JUbDWvDvtLyEsZiNXOKEUxfi6O2oe46uxA"
    os.makedirs(folder)
    with contextlib.closing(sqlite3.connect(folder + "users.db")) as users:
        users.execute("CREATE TABLE users(id TEXT PRIMARY KEY, name TEXT UNIQUE, password_hash TEXT, online INTEGER)")
        users.execute("INSERT INTO users VALUES (?, 'zoe', ?, 0)", (str(uuid.uuid4()), password))
        users.commit()
    assert "would take over" in obey(heading, 0)
    assert "taken over from /srv/mychat:\n     users: 1\n" in obey(heading, 1)
    assert post("/login", "zoe")[0] == 200
    assert post("/login", "ada")[0] == 200


def an_operator_without_prometheus_sees_the_most_important():
    said = obey("Monitoring", 1)
    assert "switchboard_websockets " in said and "switchboard_max_connections " in said, said


def it_has_no_right_that_it_does_not_need():
    # The container has filters of its own.
    theirs, ours = (int(process("Seccomp_filters", which)[0]) for which in (pid(), "self"))
    assert theirs > ours, "its system calls are not filtered"
    assert process("NoNewPrivs") == ["1"]
    assert all(int(process(name)[0], 16) == 0 for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb"))
    assert "0" not in process("Uid"), "root"
    with open(f"/proc/{pid()}/limits") as limits:
        core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["1", "1"], core


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
    obey("A restart that refuses nobody")
    chat()
    systemctl("stop", UNIT)
    chat()


def operators_pages_are_on_a_socket_of_their_own():
    operators_pages_are_at_the_admin_listener_alone()


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
    # A client that comes before that is let in by the old process, and sent home by it.
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
                key.fileobj.sendall(request(f"/ws/20000{key.data:05}?presence=none"))
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
    an_operator_installs_it_and_it_serves_from_then_on,
    a_careless_file_of_settings_does_not_open_operators_pages,
    public_pages_of_the_operator_are_warned_of,
    without_proc_a_figure_is_missing_and_not_zero,
    a_name_server_that_does_not_answer_keeps_nobody_from_ending_the_start,
    behind_a_proxy_it_is_on_the_loopback_again,
    a_wrong_setting_is_found_before_the_restart_and_nobody_notices,
    a_setting_that_contradicts_the_unit_is_found_before_the_restart,
    a_start_with_a_wrong_setting_is_an_error_in_the_journal_and_no_endless_loop,
    the_token_and_the_traces_work_as_documented,
    users_are_kept_and_come_back_from_a_copy_when_the_folder_is_lost,
    settings_change_without_a_restart,
    memory_of_incomplete_messages_is_given_back,
    an_operator_without_prometheus_sees_the_most_important,
    it_has_no_right_that_it_does_not_need,
    a_hangup_loses_nobody,
    a_wedged_loop_is_found_out_and_the_server_started_again,
    a_stop_sends_everybody_home_and_ends_well,
    with_the_socket_the_first_caller_starts_it,
    operators_pages_are_on_a_socket_of_their_own,
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
        print(subprocess.run(["journalctl", "--no-pager", "-n", "20"], capture_output=True, text=True).stdout)
print(f"service: {len(CLAIMS) - failed} of {len(CLAIMS)} claims hold")
sys.exit(failed > 0)
