"""nginx with the document's configuration: see proxies.py for what is claimed of it.

The document's lines are run as they stand, but for these rules: `listen` is on the loopback at free ports, the server's
port is a free one, the certificate is one made here, and /etc/nginx, /var/log/nginx and /run are folders of
this test's. /etc/nginx is a copy of the machine's. Of the commands `sudo` runs its arguments, `nginx` is told where the
copy is, and `systemctl` writes down what it was asked for.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

from document import blocks, replaced
from proxies import ANN, AROUND, NAME, SECRETS, WAIT, Call, Phone, Server, Site, longest_silence, run, seconds

NGINX = os.environ["NGINX_BIN"]


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


class Nginx(Site):
    def __init__(self, folder, document):
        super().__init__(folder, document)
        self.etc = f"{folder}/etc/nginx"
        shutil.copytree("/etc/nginx", self.etc)
        for place, _, names in os.walk(self.etc):
            for name in names:
                self.edit(os.path.join(place, name), self.elsewhere)
        # What nginx keeps for itself, and no document mentions.
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
        self.edit(f"{self.etc}/nginx.conf", lambda text: text.replace("http {", "http {\n" + temporary, 1))
        found = blocks(document)
        (self.ours,), (self.commands,) = found["nginx", "nginx"], found["nginx", "sh"]
        self.write(self.ours)
        self.obey(self.commands)

    @staticmethod
    def edit(path, change):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = change(file.read())
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)

    def elsewhere(self, text):
        # The default site of the machine, if it is still there, wants these.
        text = re.sub(r"listen 80 ", f"listen 127.0.0.1:{self.http} ", text)
        text = re.sub(r"listen \[::\]:80 ", f"listen [::1]:{self.http} ", text)
        for theirs, ours in (("/etc/nginx", self.etc), ("/var/log/nginx", f"{self.folder}/log"), ("/run/", f"{self.folder}/")):
            text = text.replace(theirs, ours)
        return text

    def write(self, text):
        second = "listen [::1]:{} " if has_ipv6() else "# no IPv6 here: {} "
        text = replaced(
            text,
            [
                ("listen 80 ", f"listen 127.0.0.1:{self.http} ", 1),
                ("listen [::]:80 ", second.format(self.http), 1),
                ("listen 443 ", f"listen 127.0.0.1:{self.https} ", 1),
                ("listen [::]:443 ", second.format(self.https), 1),
                ("/etc/ssl/chat.example.pem", self.certificate, 1),
                ("/etc/ssl/private/chat.example.key", self.key, 1),
                ("http://127.0.0.1:8080", f"http://127.0.0.1:{self.public}", 1),
            ],
        )
        with open(f"{self.etc}/conf.d/switchboard.conf", "w") as file:
            file.write(self.elsewhere(text))

    def obey(self, commands):
        bin = f"{self.folder}/bin"
        os.mkdir(bin)
        for name, script in (
            ("sudo", 'exec "$@"'),
            ("nginx", f'exec {NGINX} -c {self.etc}/nginx.conf -e {self.folder}/log/error.log "$@"'),
            ("systemctl", f'echo "$@" >>{self.folder}/asked'),
        ):
            with open(f"{bin}/{name}", "w") as file:
                file.write(f"#!/bin/sh\n{script}\n")
            os.chmod(f"{bin}/{name}", 0o755)
        environment = dict(os.environ, PATH=f"{bin}:{os.environ['PATH']}")
        subprocess.run(["sh", "-euc", self.elsewhere(commands)], env=environment, check=True, timeout=WAIT)
        with open(f"{self.folder}/asked") as asked:
            assert asked.read() == "reload nginx\n"

    def start(self, has_silent_logs=True, connections=None):
        ours = self.ours if has_silent_logs else re.sub(r"(?m)^ *(access_log|error_log) .*\n", "", self.ours)
        assert (ours == self.ours) == has_silent_logs
        self.write(ours)
        if connections:
            few = f"worker_connections {connections};"
            self.edit(f"{self.etc}/nginx.conf", lambda text: re.sub("worker_connections .*;", few, text))
        command = [f"{self.folder}/bin/nginx", "-g", "daemon off;"]
        return subprocess.Popen(command, stdout=self.log("nginx.out"), stderr=subprocess.STDOUT)


def what_is_logged_is_when_and_what_and_how_long(site):
    line = re.compile(r"\d{4}-\d\d-\d\dT[\d:]{8}[+-]\d\d:\d\d \d{3} \d+\.\d{3} (\d{3}|-)")
    lines = site.logs()["switchboard.log"].splitlines()
    assert len(lines) > 100, len(lines)
    for one in lines:
        assert line.fullmatch(one), one


def patience_is_longer_than_the_servers(site):
    for name in ("proxy_read_timeout", "proxy_send_timeout"):
        (setting,) = re.findall(rf"{name} (\w+);", site.ours)
        assert seconds(setting) > 10 * longest_silence(), (name, setting)


def nothing_waits_in_a_file(site):
    """nginx cannot open a file for a body here: where it wants to, it answers 500."""
    with site.proxy(), Server(site):
        shutil.rmtree(f"{site.folder}/client_body")
        with Call(site) as call:
            body = "x" * 200_000
            call.sends(f"POST /ws/{ANN} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {len(body)}\r\n\r\n{body}")
            status = call.answer()
            assert status < 500, status


def a_want_of_connections_names_nobody(site):
    """By a deliberate change: so few that some phones are turned away, which nginx logs as an alert."""
    with site.proxy(connections=16), Server(site):
        phones, refused = [], 0
        site.LIMIT = 1000
        for n in range(60):
            try:
                phones.append(Phone(site, ANN[:-2] + f"{n:02}", f"{AROUND}{n + 1}"))
                refused += phones[-1].status == 500
            except OSError:
                pass
        for phone in phones:
            phone.__exit__()
        assert refused > 0, "there was no want"
    text = "".join(site.logs().values())
    assert not any(secret in text for secret in SECRETS + [ANN[:-2]]), "a log names a phone"


CLAIMS = [
    what_is_logged_is_when_and_what_and_how_long,
    patience_is_longer_than_the_servers,
    nothing_waits_in_a_file,
    a_want_of_connections_names_nobody,
]
with tempfile.TemporaryDirectory() as folder:
    run(Nginx(folder, sys.argv[1]), CLAIMS)
