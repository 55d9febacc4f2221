"""Plays the chat in the README: starts the server and two phones, types the same lines, and compares every
line that a phone prints, and every line of the server's log.

Numbers in the log (times, bytes, tags of persons) differ in each run. They are not compared.
"""

import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
README = (HERE.parent.parent / "README.md").read_text()
PATIENCE = 10


class Program:
    """A process, with a way to wait for its lines."""

    def __init__(self, command, stream):
        pipes = {"stdin": subprocess.PIPE, stream: subprocess.PIPE}
        # What the test itself goes by is no setting of the server, which would say so.
        ours = {name: value for name, value in os.environ.items() if not name.startswith("SWITCHBOARD_")}
        self.process = subprocess.Popen(command, text=True, env=ours, **pipes)
        self.lines = queue.Queue()
        threading.Thread(target=self.listen, args=[getattr(self.process, stream)], daemon=True).start()

    def listen(self, pipe):
        for line in pipe:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def next_line(self):
        line = self.lines.get(timeout=PATIENCE)
        assert line is not None, "the program has ended"
        return line

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.kill()
        self.process.wait()


class Terminal:
    """One terminal of the README: the lines that are printed, and those that are typed."""

    def __init__(self, block):
        command, *self.lines = block.splitlines()
        self.phone = None
        self.number = re.fullmatch(r"\$ python3 tests/external/phone\.py (\d+)", command)[1]

    def start(self, address):
        self.phone = Program([sys.executable, HERE / "phone.py", self.number, address], "stdout")

    def play(self, before=None):
        """Plays on until the next line contains this."""
        while self.lines and not (before and before in self.lines[0]):
            line, _, remark = self.lines.pop(0).partition("←")
            line = line.rstrip()
            if remark.strip() == "typed":
                self.phone.type(line)
            else:
                heard = self.phone.next_line()
                assert plain(heard) == plain(line), f"{self.number} heard {heard}, and in the README {line}"


def plain(line):
    """Sorts the numbers of a list, which the server sends in no particular order, and masks the delay of a goodbye,
    which is another for each client."""
    if not line.startswith("{"):
        return re.sub(r"retry_after_ms=\d+$", "retry_after_ms=N", line)
    frame = json.loads(line)
    return {**frame, "users": sorted(frame["users"])} if "users" in frame else frame


def masked(line):
    line = re.sub(r"who=[0-9a-f]{8}", "who=TAG", line)
    return re.sub(r"\d+(\.\d+)*", "N", line)


def blocks(start):
    found = [block for block in re.findall(r"```text\n(.*?)\n```", README, re.S) if block.startswith(start)]
    assert found, f"the README has no block that begins with {start}"
    return found


def main():
    first, second = map(Terminal, blocks("$ python3 tests/external/phone.py "))
    (log,) = blocks("time=")
    server = Program([os.environ["SWITCHBOARD_BIN"], "--listen", "127.0.0.1:0"], "stderr")
    try:
        said = [server.next_line()]
        address = re.search(r"http://([\d.:]+)", said[0])[1]
        first.start(address)
        # The second phone connects once the first has received its list.
        first.play(before=second.number)
        second.start(address)
        with ThreadPoolExecutor() as both:
            list(both.map(lambda terminal: terminal.play(before="closed: "), [first, second]))
        server.process.send_signal(signal.SIGINT)
        first.play()
        second.play()
        while (line := server.lines.get(timeout=PATIENCE)) is not None:
            # On a busy machine a turn may be slow, and the server says so.
            if 'msg="a turn was slow"' not in line:
                said.append(line)
        assert server.process.wait(PATIENCE) == 0
        assert list(map(masked, said)) == list(map(masked, log.splitlines())), "\n".join(said)
    finally:
        for program in server, first.phone, second.phone:
            if program:
                program.stop()
    print("readme: the chat goes as it is shown")


main()
