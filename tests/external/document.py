"""systemd/README.md, taken apart: its fenced blocks, each with its language and the heading above it.

Every block that a reader may copy has to be run by a part. `blocks` refuses a document with a block that nobody runs.
"""

import re

# Which part runs the blocks below a heading. A language that is not a reader's to run is not here.
RUN_BY = {
    ("Installing", "sh"): "service",
    ("Changing the settings", "sh"): "service",
    ("Without a restart", "sh"): "service",
    ("A small binary for packages", "sh"): "package",
    ("The operator's token, and a file for traces", "sh"): "service",
    ("Users, and messages that are kept", "sh"): "service",
    ("Coming from MyChat, WebSocket Chat or Chatterbox", "sh"): "service",
    ("A restart that refuses nobody", "sh"): "service",
    ("Behind a proxy", "sh"): "service",
    ("Behind a proxy", "ini"): "unit",
    ("Monitoring", "sh"): "promtool and service",
    ("nginx", "nginx"): "nginx",
    ("nginx", "sh"): "nginx",
    ("Caddy", "caddyfile"): "caddy",
    ("Caddy", "sh"): "caddy",
}


def blocks(path):
    """The blocks, as {(heading, language): [text, ...]}."""
    found, heading, block = {}, None, None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            fence = re.match(r"```(\w*)$", line)
            if block is not None:
                if fence:
                    block = None
                else:
                    block[-1] += line
            elif fence:
                block = found.setdefault((heading, fence[1]), [])
                block.append("")
            elif re.match(r"#+ ", line):
                heading = line.lstrip("#").strip()
            else:
                assert not line.startswith("    "), f"a block without a fence: {line}"
    runnable = {key for key in found if key[1] != "text"}
    assert runnable == set(RUN_BY), f"nobody runs, or nobody wrote: {sorted(runnable ^ set(RUN_BY))}"
    return found


def settings(path):
    """What the section about proxies puts into /etc/default/switchboard, as {name: value}."""
    (block,) = blocks(path)["Behind a proxy", "sh"]
    (lines,) = re.findall(r"tee /etc/default/switchboard <<'END'\n(.*?)END\n", block, re.S)
    return dict(line.split("=", 1) for line in lines.split())


def replaced(text, rules):
    """The text after these rules: (what is looked for, what stands there instead, how often it must be found)."""
    for old, new, times in rules:
        assert text.count(old) == times, f"{old!r} is {text.count(old)} times in the document, not {times} times"
        text = text.replace(old, new)
    return text
