"""Which crates are in a program, as far as the program says so: the compiler writes the names of files into it, for panics.

So it is another source than the one that the notices are made from. Used by deb.py and image.py.
"""

import re


def without_notice(program, notices):
    """The crates that are linked into the program, and are not among the notices."""
    with open(program, "rb") as file:
        names = re.findall(rb"/registry/src/[^/]+/([A-Za-z0-9_-]+?)-(\d+\.\d+\.\d+[^/]*)/", file.read())
    linked = {f"{name.decode()} {version.decode()}" for name, version in names}
    assert len(linked) > 30, f"the program names too few of its crates: {linked}"
    with open(notices, encoding="utf-8") as file:
        text = file.read()
    assert "Permission is hereby granted" in text and "Rust Standard Library" in text
    listed = set(re.findall(r"^(\S+ \d\S*) \(.+\)$", text, re.MULTILINE))
    return linked - listed
