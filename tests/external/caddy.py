"""Caddy with the document's configuration: see proxies.py for what is claimed of it.

The document's lines are run as they stand, but for these rules: the ports are free ones on the loopback, the
certificate is one made here, and Caddy is not to be managed from outside. Of the commands there is only `systemctl reload
caddy`, for which this test starts Caddy.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

from document import blocks, replaced
from proxies import PHONES, Site, run

CADDY = os.environ["CADDY_BIN"]


class Caddy(Site):
    def __init__(self, folder, document):
        super().__init__(folder, document)
        found = blocks(document)
        (self.ours,), (commands,) = found["Caddy", "caddyfile"], found["Caddy", "sh"]
        assert commands == "sudo systemctl reload caddy\n", commands

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": self.folder}

    def file(self, ours):
        where = f"\tadmin off\n\thttp_port {self.http}\n\thttps_port {self.https}\n\tdefault_bind 127.0.0.1\n"
        text = replaced(
            "\n" + ours,
            [
                ("\n{\n", "\n{\n" + where, 1),
                ("\nchat.example {\n", f"\nchat.example {{\n\ttls {self.certificate} {self.key}\n", 1),
                ("127.0.0.1:8080", f"127.0.0.1:{self.public}", 1),
            ],
        )
        path = f"{self.folder}/Caddyfile"
        with open(path, "w") as file:
            file.write(text)
        return path

    def start(self, has_silent_logs=True):
        ours = self.ours if has_silent_logs else re.sub(r"\n\tlog {\n.*?\n\t}\n", "\n", self.ours, flags=re.S)
        assert (ours == self.ours) == has_silent_logs
        command = [CADDY, "run", "--adapter", "caddyfile", "--config", self.file(ours)]
        log = self.log("caddy")
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=self.environment())


def the_file_is_as_caddy_would_write_it(site):
    path = f"{site.folder}/theirs"
    with open(path, "w") as file:
        file.write(site.ours)
    done = subprocess.run([CADDY, "fmt", path], capture_output=True, text=True, env=site.environment())
    assert done.stdout == site.ours, done


def no_timeout_cuts_a_silent_phone(site):
    command = [CADDY, "adapt", "--adapter", "caddyfile", "--config", site.file(site.ours)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=site.environment()).stdout
    assert "reverse_proxy" in said and json.loads(said)
    assert "timeout" not in said, said


def what_is_logged_is_when_and_what_and_how_long(site):
    lines = [json.loads(line) for line in site.logs()["caddy"].splitlines()]
    handled = [line for line in lines if line.get("msg") == "handled request"]
    # What became a WebSocket has another status in each version of Caddy.
    assert {404, 502} <= {line["status"] for line in handled}, len(handled)
    known = {"level", "ts", "logger", "msg", "status", "size", "duration", "bytes_read"}
    assert not any(set(line) - known for line in handled), handled[0]


def the_unit_allows_two_descriptors_for_each_of_many_phones(site):
    with open(os.environ["CADDY_UNIT"]) as unit:
        (limit,) = re.findall(r"(?m)^LimitNOFILE=(\d+)$", unit.read())
    with open(site.document) as document:
        assert f"{int(limit):,} descriptors" in document.read(), limit
    assert int(limit) >= 2 * PHONES


CLAIMS = [
    the_file_is_as_caddy_would_write_it,
    no_timeout_cuts_a_silent_phone,
    what_is_logged_is_when_and_what_and_how_long,
    the_unit_allows_two_descriptors_for_each_of_many_phones,
]
with tempfile.TemporaryDirectory() as folder:
    run(Caddy(folder, sys.argv[1]), CLAIMS)
