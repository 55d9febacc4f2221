"""Runs the steps of systemd/packaging/Dockerfile by hand, and tries the image that they make.

A container here is namespaces (unshare) with a root of its own (chroot), made of what the instructions say. In place
of the first image stands Debian with this machine's Rust, in place of the second libc6 and libgcc-s1 of the same Debian.
"""

import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time

from linked import without_notice

WAIT = 30
HOME = sys.argv[1]
DEBIAN = f"{os.path.dirname(HOME)}/debian"
IMAGE = f"{HOME}/image"
# What is built is kept for the next run.
TARGET = f"{HOME}/target"


def instructions(path):
    """The stages, each as [(instruction, words), ...]."""
    with open(path, encoding="utf-8") as file:
        text = "".join(line for line in file if not line.startswith("#"))
    stages = []
    for line in re.sub(r"\\\n", "", text).splitlines():
        if line.strip():
            word, rest = line.split(maxsplit=1)
            if word == "FROM":
                stages.append([])
            stages[-1].append((word, rest))
    return stages


BUILD, LAST = instructions("systemd/packaging/Dockerfile")


def said(word, stage=LAST):
    (rest,) = (rest for one, rest in stage if one == word)
    return rest


def quiet(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{shlex.join(words)[:300]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def rust():
    """The folder of this machine's toolchain, and the one with the sources of crates."""
    root = quiet("rustc", "--print", "sysroot").strip()
    return root, os.environ.get("CARGO_HOME") or os.path.expanduser("~/.cargo")


def the_first_stage_builds_the_program():
    root, crates = rust()
    sources = f"{DEBIAN}/{said('WORKDIR', BUILD)}"
    shutil.rmtree(sources, ignore_errors=True)
    for made in "image", "built":
        shutil.rmtree(f"{DEBIAN}/{made}", ignore_errors=True)
    for folder in sources, f"{sources}/target", TARGET, f"{DEBIAN}/rust", f"{DEBIAN}/crates":
        os.makedirs(folder, exist_ok=True)
    assert said("COPY", BUILD) == ". ."
    # What .dockerignore leaves out is not among the files that git knows, either.
    files = quiet("git", "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for file in filter(os.path.isfile, files):
        os.makedirs(os.path.dirname(f"{sources}/{file}"), exist_ok=True)
        shutil.copy2(file, f"{sources}/{file}")
    # No network: every crate is there. --build-arg PROFILE=dev is faster.
    mounts = f"mount --bind {TARGET} {sources}/target; mount --bind -o ro {root} {DEBIAN}/rust; "
    mounts += f"mount --bind {crates} {DEBIAN}/crates; mount --bind /dev {DEBIAN}/dev; mount -t proc none {DEBIAN}/proc; "
    variables = ["PATH=/rust/bin:/usr/bin:/bin", "CARGO_HOME=/crates", "CARGO_NET_OFFLINE=true", "CARGO_PROFILE_DEV_DEBUG=0", "PROFILE=dev"]
    enter = shlex.join(["chroot", DEBIAN, "env", "-i", *variables, "sh", "-euc", f"cd {said('WORKDIR', BUILD)}; {said('RUN', BUILD)}"])
    quiet("unshare", "--mount", "--net", "--pid", "--fork", "sh", "-euc", mounts + enter)
    assert os.path.getsize(f"{DEBIAN}/image/usr/local/bin/switchboard") > 1_000_000


def the_last_stage_has_the_program_and_nothing_that_the_build_needed():
    shutil.rmtree(IMAGE, ignore_errors=True)
    os.makedirs(IMAGE)
    for package in "libc6", "libgcc-s1":
        files = quiet("chroot", DEBIAN, "dpkg-query", "-L", package).splitlines()
        for file in files:
            if re.search(r"/lib(64)?/.*\.so", file) and os.path.isfile(DEBIAN + file):
                # Debian 12 has /lib as a link into /usr.
                os.makedirs(os.path.dirname(IMAGE + file), exist_ok=True)
                shutil.copy2(DEBIAN + file, IMAGE + file)
    for folder in "proc", "dev", "tmp":
        os.makedirs(f"{IMAGE}/{folder}", exist_ok=True)
    for word, rest in LAST:
        if word == "COPY":
            *options, source, goal = rest.split()
            assert "--from=build" in options, rest
            os.makedirs(os.path.dirname(IMAGE + goal), exist_ok=True)
            (shutil.copytree if os.path.isdir(DEBIAN + source) else shutil.copy2)(DEBIAN + source, IMAGE + goal)
            for option in options:
                if option.startswith("--chown="):
                    os.chown(IMAGE + goal, *map(int, option.removeprefix("--chown=").split(":")))
    assert not os.path.exists(f"{IMAGE}/bin/sh")
    notices = f"{IMAGE}/usr/share/doc/switchboard/THIRD-PARTY-NOTICES"
    assert without_notice(f"{IMAGE}/usr/local/bin/switchboard", notices) == set()


class Container:
    """The program as PID 1, as the last stage says; its root cannot be written to, and it has no network but a loopback."""

    def __init__(self, *flags, proc=True, setup="true", variables=()):
        (self.entry,) = json.loads(said("ENTRYPOINT"))
        user, group = said("USER").split(":")
        self.variables = dict(pair.split("=", 1) for pair in said("ENV").split()) | dict(variables)
        mount = f"mount --bind {IMAGE} {IMAGE}; mount --bind {IMAGE}{said('VOLUME')} {IMAGE}{said('VOLUME')}; "
        mount += f"mount -o remount,ro,bind {IMAGE}; mount -t tmpfs -o ro none {IMAGE}/dev; "
        mount += f"mount -t proc none {IMAGE}/proc; " if proc else ""
        setting = [f"{name}={value}" for name, value in self.variables.items()]
        # /usr/sbin/chroot drops the rights of root, and all capabilities with them.
        enter = ["/usr/sbin/chroot", f"--userspec={user}:{group}", "--groups=", IMAGE]
        program = shlex.join(["exec", "env", "-i", *setting, *enter, self.entry, *flags])
        command = f"ip link set lo up 2>/dev/null || python3 -c '{LOOPBACK}'; {mount}{setup}; {program}"
        self.unshare = subprocess.Popen(
            ["unshare", "--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child", "sh", "-euc", command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.enter = enter
        self.log = ""
        end = time.monotonic() + WAIT
        while "listening on" not in self.log:
            line = self.unshare.stdout.readline()
            assert line and time.monotonic() < end, f"it does not start: {self.log}"
            self.log += line
        with open(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}/children") as file:
            self.pid = int(file.read())

    def status(self, name):
        with open(f"/proc/{self.pid}/status") as lines:
            return next(line.split()[1:] for line in lines if line.startswith(name + ":"))

    def inside(self, *words):
        """Runs a program of the image beside the server, as `docker exec` does."""
        setting = [f"{name}={value}" for name, value in self.variables.items()]
        enter = ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", "env", "-i", *setting, *self.enter]
        return subprocess.run([*enter, *words], capture_output=True, text=True, timeout=WAIT)

    def check(self):
        """The HEALTHCHECK."""
        words = json.loads(said("HEALTHCHECK").split(" CMD ")[1])
        return self.inside(*words)

    def end(self, number=signal.SIGTERM):
        """The exit code, and what it has logged."""
        os.kill(self.pid, number)
        code = self.unshare.wait(WAIT)
        self.log += self.unshare.stdout.read()
        return code


# Where there is no ip(8): SIOCSIFFLAGS (netdevice(7)) with IFF_UP.
LOOPBACK = 'import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 1))'


def as_pid_1_it_serves_and_drains_at_the_signal_for_it():
    one = Container()
    assert one.status("NSpid")[-1] == "1"
    assert one.status("Uid") == ["65532"] * 4 and one.status("CapEff") == ["0" * 16]
    well = one.check()
    assert (well.returncode, well.stdout, well.stderr) == (0, "", ""), well
    # What means nothing to it does nothing to it, though the kernel spares PID 1 what it does not handle.
    for number in signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD:
        os.kill(one.pid, number)
    assert one.check().returncode == 0
    assert said("STOPSIGNAL") == "SIGTERM"
    assert one.end() == 0, one.log
    assert "draining" in one.log and "drained" in one.log, one.log


def a_check_of_a_server_that_hangs_or_is_gone_fails():
    one = Container()
    assert one.inside(one.entry, "health", "127.0.0.1:1").returncode == 1
    os.kill(one.pid, signal.SIGSTOP)
    # Docker gives the check 6 s, and it gives up by itself before that.
    start = time.monotonic()
    hanging = one.check()
    assert hanging.returncode == 1 and "no answer" in hanging.stderr, hanging
    assert time.monotonic() - start < WAIT
    os.kill(one.pid, signal.SIGCONT)
    assert one.end() == 0


def messages_are_kept_in_the_volume_and_nowhere_else():
    one = Container(variables={"SWITCHBOARD_DATA": "/data"})
    assert one.check().returncode == 0 and os.listdir(f"{IMAGE}/data"), one.log
    assert one.end() == 0, one.log
    try:
        Container(variables={"SWITCHBOARD_DATA": "/elsewhere"})
    except AssertionError as error:
        assert "/elsewhere" in str(error), error
    else:
        raise AssertionError("it has written to its root")


def without_proc_it_serves():
    one = Container(proc=False)
    assert one.check().returncode == 0, one.log
    assert one.end() == 0, one.log


def as_many_descriptors_as_the_kernel_grants_cost_no_memory():
    """Some containers have "unlimited" descriptors, 2^30. A table with a place for each would not fit."""
    with open("/proc/sys/fs/nr_open") as file:
        most = int(file.read())
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    # Beyond its own limit root needs CAP_SYS_RESOURCE.
    if subprocess.run(["sh", "-c", f"ulimit -n {most}"], capture_output=True).returncode != 0:
        most = hard
    few, many = Container(setup="ulimit -n 1024"), Container(setup=f"ulimit -n {most}")
    with open(f"/proc/{many.pid}/limits") as limits:
        row = next(line.split() for line in limits if line.startswith("Max open files"))
    assert row[3:5] == [str(most)] * 2, row
    resident, taken = int(many.status("VmRSS")[0]), int(few.status("VmRSS")[0])
    assert resident < taken + 4096, f"{resident} kB, and {taken} kB with 1024 descriptors"
    assert many.check().returncode == 0
    assert (few.end(), many.end()) == (0, 0)
    print(f"image: {resident} kB with {most} descriptors, {taken} kB with 1024")


CLAIMS = [
    the_first_stage_builds_the_program,
    the_last_stage_has_the_program_and_nothing_that_the_build_needed,
    as_pid_1_it_serves_and_drains_at_the_signal_for_it,
    a_check_of_a_server_that_hangs_or_is_gone_fails,
    messages_are_kept_in_the_volume_and_nowhere_else,
    without_proc_it_serves,
    as_many_descriptors_as_the_kernel_grants_cost_no_memory,
]

for claim in CLAIMS:
    try:
        claim()
    except Exception as error:
        sys.exit(f"image: {claim.__name__} does not hold: {error!r}")
print(f"image: {len(CLAIMS)} claims hold")
