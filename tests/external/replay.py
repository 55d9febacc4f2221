"""A power cut by replay: the files of a folder, rebuilt from strace(1)'s record of how a server wrote them.

A *file* is what fsync(2) has brought to the disk, and the writes since then. A *cut* is a moment between two events
of the record. Of what was not synced before the cut, the disk has a random part: any subset of the writes, each
torn at the borders of sectors, and names as they were after the last sync of the folder or some time later. This
is what the manuals allow, and worse than most disks are.

A *told* text was written to the socket of a client before the cut. The order of the record is that of cause and
effect: strace stops a thread at each call, and writes it down before the thread goes on.
"""

import copy
import os
import re

SECTOR = 512
CALLS = "openat,close,accept4,pwrite64,write,writev,pwritev,sendto,sendmsg,ftruncate,fallocate,fsync,fdatasync"
CALLS += ",rename,renameat,renameat2,unlink,unlinkat,link,linkat"
STRACE = ["strace", "-D", "-f", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o"]

CALL = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)(?: \w+ \(.*\))?$")
UNFINISHED, RESUMED = " <unfinished ...>", re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def unescape(text):
    return bytes.fromhex(text.replace("\\x", ""))


def calls(lines):
    """Yields (begin, end, name, arguments, result) of all calls that have ended; begin and end are lines."""
    begun = {}
    for number, line in enumerate(lines):
        line = line.rstrip("\n")
        begin = number
        if line.endswith(UNFINISHED):
            begun[line.split()[0]] = number, line.removesuffix(UNFINISHED)
            continue
        if resumed := RESUMED.match(line):
            begin, first = begun.pop(resumed[1])
            line = first + resumed[2]
        if call := CALL.match(line):
            yield begin, number, call[2], call[3], int(call[4])
        else:
            assert re.search(r"(\+\+\+|---|= \?)", line), f"not understood: {line[:200]}"


class File:
    """A file on a disk that may lose what was not synced."""

    def __init__(self, synced=b""):
        self.synced = bytearray(synced)
        # (line, offset, bytes) of a write, or (line, length, None) of a truncation.
        self.unsynced = []

    def sync(self, before):
        """Brings to the disk what has happened before this line."""
        due = [change for change in self.unsynced if change[0] < before]
        self.unsynced = [change for change in self.unsynced if change[0] >= before]
        for _, at, data in due:
            change_file(self.synced, at, data)

    def after_a_cut(self, dice, kept):
        """What the disk may have. `kept` is how likely it has a change that was not synced."""
        content = bytearray(self.synced)
        for _, at, data in self.unsynced:
            if dice.random() >= kept:
                continue
            if data is None or dice.random() < kept:
                change_file(content, at, data)
                continue
            for start in range(-(at % SECTOR), len(data), SECTOR):
                if dice.random() < kept:
                    part = data[max(start, 0) : start + SECTOR]
                    change_file(content, at + max(start, 0), part)
        return content


def change_file(content, at, data):
    if data is None:
        del content[at:]
        content.extend(bytes(at - len(content)))
    else:
        content.extend(bytes(max(0, at - len(content))))
        content[at : at + len(data)] = data


class Disk:
    """A folder and its files at one line of the record."""

    def __init__(self, before):
        self.files = [File(content) for content in before.values()]
        self.names = {name: number for number, name in enumerate(before)}
        # Changes of names since the folder was synced: (line, {name: file}), None for a name that is gone.
        self.synced_names, self.unsynced_names = dict(self.names), []

    def name(self, line, change):
        self.unsynced_names.append((line, change))
        self.names = named(self.names, change)

    def sync_names(self, before):
        for line, change in self.unsynced_names:
            if line < before:
                self.synced_names = named(self.synced_names, change)
        self.unsynced_names = [change for change in self.unsynced_names if change[0] >= before]

    def after_a_cut(self, dice, to):
        """Writes the files into a folder, as the disk may have them."""
        names = self.synced_names
        for _, change in self.unsynced_names[: dice.randint(0, len(self.unsynced_names))]:
            names = named(names, change)
        kept = dice.choice((0, 0.2, 0.5, 0.9, 1))
        for name, number in names.items():
            with open(f"{to}/{name}", "wb") as file:
                # The index of the log is written through memory, which strace does not see. It may be anything.
                is_index = name.endswith("-shm")
                file.write(dice.randbytes(32768) if is_index else self.files[number].after_a_cut(dice, kept))


def named(names, change):
    return {name: file for name, file in {**names, **change}.items() if file is not None}


class Record:
    """What processes have done one after the other, in the order in which they did it. What is in the folder now
    has long been synced."""

    def __init__(self, folder):
        self.folder = os.path.realpath(folder)
        self.changes, self.lines, self.before = [], 0, {}
        for name in os.listdir(folder):
            with open(f"{folder}/{name}", "rb") as file:
                self.before[name] = file.read()

    def add(self, lines):
        """Adds a process."""
        # Who reads its output is told something, too.
        descriptors = {1: ("socket", (self.lines, 1))}
        changes = []
        for begin, end, name, arguments, result in calls(lines):
            if result >= 0:
                self.understand((self.lines + begin, self.lines + end), name, arguments, result, descriptors, changes)
        self.changes += sorted(changes, key=lambda change: change[0])
        self.lines += len(lines)

    def understand(self, span, name, arguments, result, descriptors, changes):
        """Appends the changes that a call makes. A write may have an effect from its beginning, and a sync
        has one only at its end."""
        begin, end = span
        texts = [unescape(text) for text in TEXT.findall(arguments)]
        first = re.match(r"\d+", arguments)
        what = descriptors.get(int(first[0])) if first else None
        if name == "openat":
            path = os.path.realpath(texts[0])
            descriptors[result] = self.opened(path, arguments, begin, changes)
        elif name == "accept4":
            # Line and descriptor are a name that no other connection has.
            descriptors[result] = "socket", (begin, result)
        elif name == "close":
            descriptors.pop(int(first[0]), None)
        elif name.startswith(("unlink", "rename", "link")):
            assert name in ("unlink", "rename"), f"{name} is not played yet"
            folder = os.fsencode(self.folder)
            assert all(os.path.dirname(os.path.realpath(text)) == folder for text in texts), "elsewhere"
            changes.append((begin, name, *(os.path.basename(os.fsdecode(text)) for text in texts)))
        elif what and what[0] == "socket" and name in ("write", "writev", "sendto", "sendmsg"):
            changes.append((begin, "told", what[1], b"".join(texts)[:result]))
        elif what and what[0] == "file":
            if name == "pwrite64":
                offset = int(arguments.rsplit(", ", 1)[1])
                changes.append((begin, "write", what[1], offset, texts[0][:result]))
            elif name == "ftruncate":
                changes.append((begin, "truncate", what[1], int(arguments.rsplit(", ", 1)[1])))
            elif name in ("fsync", "fdatasync"):
                changes.append((end, "sync", what[1], begin))
            else:
                raise AssertionError(f"{name} of a file is not played yet")
        # SQLite has a new name brought to the disk with fdatasync(2), which writes what a folder lists.
        elif what and what[0] == "folder" and name in ("fsync", "fdatasync"):
            changes.append((end, "sync_names", begin))

    def opened(self, path, arguments, begin, changes):
        folder = os.fsencode(self.folder)
        if path == folder:
            return ("folder",)
        if os.path.dirname(path) != folder:
            return None
        name = os.path.basename(os.fsdecode(path))
        changes.append((begin, "open", name, (begin, name)))
        assert "O_TRUNC" not in arguments, "not played yet"
        return "file", (begin, name)

    def moments(self, dice, count):
        """Chooses this many moments, half of them right after a client was told something."""
        told_at = [number + 1 for number, change in enumerate(self.changes) if change[1] == "told"]
        moments = {dice.randint(0, len(self.changes)) for _ in range(count - count // 2)}
        return moments | set(dice.sample(told_at, min(count // 2, len(told_at))))

    def cuts(self, moments):
        """Yields (disk, told, moment): the disk, and the bytes that each socket was sent, at these moments."""
        disk, opened, sockets = Disk(self.before), {}, {}
        for number, change in enumerate([*self.changes, None]):
            if number in moments:
                yield disk, sockets, number
            if change:
                play(disk, opened, sockets, *change)


def play(disk, opened, sockets, line, kind, *what):
    """Does what a change has done."""
    if kind == "open":
        name, descriptor = what
        if name not in disk.names:
            disk.files.append(File())
            disk.name(line, {name: len(disk.files) - 1})
        opened[descriptor] = disk.files[disk.names[name]]
    elif kind == "unlink":
        disk.name(line, {what[0]: None})
    elif kind == "rename":
        disk.name(line, {what[0]: None, what[1]: disk.names[what[0]]})
    elif kind == "sync_names":
        disk.sync_names(what[0])
    elif kind == "told":
        sockets.setdefault(what[0], bytearray()).extend(what[1])
    elif kind == "write":
        opened[what[0]].unsynced.append((line, what[1], what[2]))
    elif kind == "truncate":
        opened[what[0]].unsynced.append((line, what[1], None))
    elif kind == "sync":
        opened[what[0]].sync(what[1])
