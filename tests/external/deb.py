"""What dpkg makes of the packages: installed, upgraded, removed, purged, with a phone there all the while.

Runs as root in a container of its own, whose PID 1 is a real systemd. Each function is one claim,
and they hold in this order. server.deb and next.deb are two versions of the package `switchboard`.
"""

import base64
import glob
import os
import pwd
import socket
import struct
import subprocess
import sys
import time

from linked import without_notice

WAIT = 30
UNIT = "switchboard.service"
ADDRESS = ("127.0.0.1", 8080)
SETTINGS = "/etc/default/switchboard"
DATA = "/var/lib/switchboard/"


def run(*words, code=0):
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    done = subprocess.run(words, capture_output=True, text=True, timeout=3 * WAIT, env=environment, stdin=subprocess.DEVNULL)
    assert done.returncode == code, f"{' '.join(words)}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def shown(name):
    return run("systemctl", "show", "--value", f"--property={name}", UNIT).strip()


def state(package="switchboard"):
    """As dpkg has it: `installed`, `config-files`, or `not-installed`."""
    done = subprocess.run(["dpkg-query", "-Wf", "${db:Status-Status}", package], capture_output=True, text=True)
    return done.stdout or "not-installed"


def eventually(what, holds):
    end = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)


class Phone:
    """A WebSocket. Not to be let in, or to be cut off without a close frame, is a failure."""

    def __init__(self, mobile):
        self.socket = socket.create_connection(ADDRESS, WAIT)
        self.stream = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        head = f"GET /ws/{mobile}?presence=none HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.socket.sendall(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        status = self.stream.readline()
        assert status.startswith(b"HTTP/1.1 101 "), status
        while self.stream.readline() != b"\r\n":
            pass

    def is_heard(self):
        self.socket.sendall(b"\x89\x80\0\0\0\0")
        assert self.stream.read(2) == b"\x8a\0"

    def is_sent_home(self):
        head = self.stream.read(2)
        assert len(head) == 2 and head[0] == 0x88, f"cut off without a word: {head}"
        code = struct.unpack("!H", self.stream.read(head[1])[:2])[0]
        self.socket.close()
        assert code == 1001, code


def serves():
    eventually("it serves", lambda: shown("ActiveState") == "active")
    assert run("switchboard", "health") == ""
    Phone("0012345678").socket.close()


def once_installed_it_serves_and_only_this_machine_can_reach_it():
    run("dpkg", "-i", "server.deb")
    assert state() == "installed"
    assert run("systemctl", "is-enabled", UNIT) == "enabled\n"
    serves()
    assert os.readlink(f"/proc/{shown('MainPID')}/exe") == "/usr/bin/switchboard"
    for table in "tcp", "tcp6":
        with open(f"/proc/net/{table}") as lines:
            listening = [line.split()[1] for line in list(lines)[1:] if line.split()[3] == "0A"]
        assert all(one.startswith("0100007F:") for one in listening), listening


def it_runs_under_the_account_of_the_package():
    account = pwd.getpwnam("switchboard")
    assert 0 < account.pw_uid < 1000 and account.pw_shell.endswith("nologin"), account
    assert os.stat(f"/proc/{shown('MainPID')}").st_uid == account.pw_uid


def the_page_and_the_completions_are_where_they_are_looked_for():
    page = run("zcat", "/usr/share/man/man8/switchboard.8.gz")
    assert "\\-\\-drain\\-timeout" in page and os.path.exists("/usr/share/man/man8/switchboard-ctl.8.gz")
    # As bash asks a completion for what follows `switchboard --print-`.
    ask = "source /usr/share/bash-completion/completions/switchboard; COMP_WORDS=(switchboard --print-) COMP_CWORD=1; "
    ask += '"$(complete -p switchboard | sed "s/.*-F \\([^ ]*\\).*/\\1/")" switchboard --print- switchboard; echo "${COMPREPLY[*]}"'
    assert run("bash", "-c", ask) == "--print-config\n"
    for path in "zsh/vendor-completions/_switchboard", "fish/vendor_completions.d/switchboard.fish", "doc/switchboard/copyright":
        assert os.path.getsize(f"/usr/share/{path}") > 100, path


def the_licences_of_all_that_is_linked_travel_with_it():
    assert without_notice("/usr/bin/switchboard", "/usr/share/doc/switchboard/THIRD-PARTY-NOTICES") == set()
    with open("/usr/share/doc/switchboard/THIRD-PARTY-NOTICES", encoding="utf-8") as file:
        assert "Copyright (c) 2026 The Switchboard authors" in file.read()


def an_upgrade_keeps_the_operators_settings_and_sends_phones_home():
    with open(SETTINGS, "a") as file:
        file.write("SWITCHBOARD_MESSAGE_RATE=300:600\n")
    phone, before = Phone("0087654321"), shown("MainPID")
    run("dpkg", "--force-confold", "-i", "next.deb")
    phone.is_sent_home()
    assert shown("MainPID") not in ("0", before)
    serves()
    with open(SETTINGS) as file:
        assert "SWITCHBOARD_MESSAGE_RATE=300:600\n" in file
    with open(f"{SETTINGS}.dpkg-dist") as file:
        assert "# Something new.\n" in file
    with open(f"/proc/{shown('MainPID')}/environ") as file:
        assert "SWITCHBOARD_MESSAGE_RATE=300:600" in file.read().split("\0")


def who_has_turned_it_off_finds_it_off_after_an_upgrade():
    run("systemctl", "disable", "--now", UNIT)
    run("dpkg", "--force-confold", "-i", "next.deb")
    assert run("systemctl", "is-enabled", UNIT, code=1) == "disabled\n"
    run("systemctl", "enable", "--now", UNIT)
    serves()


def data_is_kept_as_the_example_says():
    os.makedirs("/etc/systemd/system/switchboard.service.d", exist_ok=True)
    run("cp", "/usr/share/doc/switchboard/examples/switchboard.service.d/data.conf", "/etc/systemd/system/switchboard.service.d/")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", UNIT)
    serves()
    assert os.listdir(DATA) and os.stat(DATA).st_uid == pwd.getpwnam("switchboard").pw_uid


def an_upgrade_that_would_not_start_leaves_the_old_process():
    """Whether the mistake is in the file of settings, or in flags of the operator's own."""
    phone, before = Phone("0087654321"), shown("MainPID")
    flags = "/etc/systemd/system/switchboard.service.d/flags.conf"
    for path, mistake in (
        (SETTINGS, "SWITCHBOARD_STRIKES=many\n"),
        (flags, "[Service]\nExecStart=\nExecStart=/usr/bin/switchboard --strikes many\n"),
    ):
        with open(path, "a") as file:
            file.write(mistake)
        said = run("dpkg", "--force-confold", "-i", "next.deb")
        assert state() == "installed" and shown("MainPID") == before, said
        for words in "NOT restarted", "invalid value 'many'", "systemctl restart switchboard":
            assert words in said, said
        phone.is_heard()
        run("sed", "-i", "/many/d", path)
    os.remove(flags)
    said = run("dpkg", "--force-confold", "-i", "next.deb")
    assert "NOT" not in said, said
    phone.is_sent_home()
    serves()


def an_upgrade_checks_paths_and_flags_with_spaces_as_the_service_has_them():
    more, drop_in = "/etc/default/more settings", "/etc/systemd/system/switchboard.service.d/spaces.conf"
    flags = r'--trace-file "/run/a \"trace\", it is.json" --socket-mode 600'
    with open(drop_in, "w") as file:
        file.write(f"[Service]\nEnvironmentFile={more}\nExecStart=\nExecStart=/usr/bin/switchboard {flags}\n")
    for setting, is_right in (("SWITCHBOARD_STRIKES=20\n", True), ("SWITCHBOARD_STRIKES=many\n", False)):
        with open(more, "w") as file:
            file.write(setting)
        phone = Phone("0087654321")
        said = run("dpkg", "--force-confold", "-i", "next.deb")
        assert ("NOT restarted" in said) != is_right and ("invalid value 'many'" in said) != is_right, said
        if is_right:
            phone.is_sent_home()
            serves()
        else:
            phone.is_heard()
    os.remove(drop_in)
    os.remove(more)
    run("systemctl", "daemon-reload")


def a_broken_setting_leaves_the_package_installed():
    run("systemctl", "stop", UNIT)
    with open(SETTINGS, "a") as file:
        file.write("SWITCHBOARD_STRIKES=many\n")
    run("dpkg", "--force-confold", "-i", "next.deb")
    assert state() == "installed" and shown("ActiveState") in ("failed", "activating")
    run("sed", "-i", "/STRIKES/d", SETTINGS)
    run("systemctl", "restart", UNIT)
    serves()


def a_removal_stops_it_and_keeps_settings_and_data():
    phone = Phone("0012345678")
    run("dpkg", "-r", "switchboard")
    phone.is_sent_home()
    assert state() == "config-files"
    assert not os.path.exists("/usr/bin/switchboard") and not os.path.exists("/usr/lib/systemd/system/switchboard.service")
    assert os.path.exists(SETTINGS) and os.listdir(DATA)
    assert subprocess.run(["systemctl", "start", UNIT], capture_output=True).returncode != 0


def installed_again_it_is_as_it_was():
    run("dpkg", "--force-confold", "-i", "next.deb")
    assert run("systemctl", "is-enabled", UNIT) == "enabled\n"
    serves()
    with open(SETTINGS) as file:
        assert "SWITCHBOARD_MESSAGE_RATE=300:600\n" in file


def loadgen_and_the_phone_in_a_terminal_come_in_a_package_of_their_own():
    run("dpkg", "-i", "loadgen.deb")
    said = run("loadgen", "ws://127.0.0.1:8080", "--clients", "20", "--rate", "50", "--duration", "2s", "--expect", "lost==0")
    assert "messages" in said, said
    assert "switchboard-chat" in run("switchboard-chat", "--version")
    for program in "loadgen", "switchboard-chat":
        assert without_notice(f"/usr/bin/{program}", "/usr/share/doc/switchboard-loadgen/THIRD-PARTY-NOTICES") == set()
    run("dpkg", "-P", "switchboard-loadgen")
    assert (state("switchboard-loadgen"), os.path.exists("/usr/bin/loadgen")) == ("not-installed", False)


def a_purge_leaves_nothing_but_the_account():
    os.makedirs("/etc/switchboard", exist_ok=True)
    with open("/etc/switchboard/admin-token", "w") as file:
        file.write("secret\n")
    run("dpkg", "-P", "switchboard")
    assert state() == "not-installed"
    os.remove("/etc/systemd/system/switchboard.service.d/data.conf")
    os.rmdir("/etc/systemd/system/switchboard.service.d")
    places = "/etc/default", "/etc", "/etc/systemd/system", "/etc/systemd/system/*.wants", "/var/lib", "/var/lib/private"
    places += "/var/lib/systemd/deb-systemd-helper-*", "/usr/bin", "/usr/lib/sysusers.d", "/usr/share/doc", "/usr/share/man/man8"
    left = [path for place in places for path in glob.glob(f"{place}/switchboard*")]
    assert left == [], left
    assert pwd.getpwnam("switchboard")


CLAIMS = [
    once_installed_it_serves_and_only_this_machine_can_reach_it,
    it_runs_under_the_account_of_the_package,
    the_page_and_the_completions_are_where_they_are_looked_for,
    the_licences_of_all_that_is_linked_travel_with_it,
    an_upgrade_keeps_the_operators_settings_and_sends_phones_home,
    who_has_turned_it_off_finds_it_off_after_an_upgrade,
    data_is_kept_as_the_example_says,
    an_upgrade_that_would_not_start_leaves_the_old_process,
    an_upgrade_checks_paths_and_flags_with_spaces_as_the_service_has_them,
    a_broken_setting_leaves_the_package_installed,
    a_removal_stops_it_and_keeps_settings_and_data,
    installed_again_it_is_as_it_was,
    loadgen_and_the_phone_in_a_terminal_come_in_a_package_of_their_own,
    a_purge_leaves_nothing_but_the_account,
]

failed = 0
for claim in CLAIMS:
    try:
        claim()
    except Exception as error:
        failed += 1
        print(f"deb: {claim.__name__} does not hold: {error!r}")
if failed:
    print(subprocess.run(["journalctl", "--no-pager", "-n", "40"], capture_output=True, text=True).stdout)
print(f"deb: {len(CLAIMS) - failed} of {len(CLAIMS)} claims hold")
sys.exit(failed > 0)
