"""Plays phones with tokens of PyJWT against the server, and has PyJWT read those of `switchboard token`.

Each function is one claim. Keys are made by `cryptography`, so nothing of ours has a hand in what the server gets.
"""

import base64
import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import tempfile
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

NUMBER = "0012345678"
PATIENCE = 20
SERVER = os.environ["SWITCHBOARD_BIN"]


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def secret():
    key = secrets.token_bytes(32)
    return key, {"kty": "oct", "alg": "HS256", "k": url64(key)}


def edwards():
    key = ed25519.Ed25519PrivateKey.generate()
    return key, json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))


def elliptic():
    key = ec.generate_private_key(ec.SECP256R1())
    return key, json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))


def rivest():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key, json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))


MAKERS = {"HS256": secret, "EdDSA": edwards, "ES256": elliptic}


class Server:
    """A server with these keys, whose address is known."""

    def __init__(self, keys, *flags):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".jwk")
        json.dump(keys, self.file)
        self.file.flush()
        command = [SERVER, "--listen", "127.0.0.1:0", "--auth-key-file", self.file.name, *flags]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.address = re.search(r"http://([\d.:]+)", self.process.stderr.readline())[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0
        self.file.close()

    def ask(self, token, in_header=False):
        """The status and the sentence for a request with this token."""
        headers = {
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        path = f"/ws/{NUMBER}"
        if in_header:
            headers["Authorization"] = f"Bearer {token}"
        else:
            path += f"?token={token}"
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        said = "" if response.status == 101 else json.loads(response.read())["detail"]
        connection.close()
        return response.status, said


def claims(**others):
    return {"sub": NUMBER, "exp": int(time.time()) + 60, **others}


def tokens_of_every_algorithm_let_a_phone_in():
    for name, make in MAKERS.items():
        key, public = make()
        with Server(public) as server:
            for more in ({}, {"nbf": int(time.time())}, {"iat": time.time(), "extra": {"a": [1]}}):
                token = jwt.encode(claims(**more), key, algorithm=name)
                assert server.ask(token) == (101, ""), (name, more, server.ask(token))
                assert server.ask(token, in_header=True) == (101, "")
            for wrong, part in (
                (claims(sub="0012345679"), "another number"),
                (claims(exp=int(time.time()) - 31), "expired"),
                (claims(nbf=int(time.time()) + 90), "not valid yet"),
                (claims(aud="shop"), "another audience"),
                ({"sub": NUMBER}, "sub and exp"),
            ):
                status, said = server.ask(jwt.encode(wrong, key, algorithm=name))
                assert status == 401 and part in said, (name, wrong, status, said)
            other, _ = make()
            status, said = server.ask(jwt.encode(claims(), other, algorithm=name))
            assert (status, said) == (401, "the signature of the token is wrong"), (name, said)


def a_key_of_a_set_is_found_by_its_name_beside_keys_of_others():
    made = {name: make() for name, make in MAKERS.items()}
    keys = [{**rivest()[1], "kid": "RS256", "alg": "RS256", "use": "sig"}]
    keys += [{**public, "kid": name} for name, (_, public) in made.items()]
    with Server({"keys": keys}, "--auth-audience", "chat") as server:
        for name, (key, _) in made.items():
            for headers in ({"kid": name}, {}):
                token = jwt.encode(claims(aud=["chat"]), key, algorithm=name, headers=headers)
                assert server.ask(token)[0] == 101, (name, headers, server.ask(token))
            token = jwt.encode(claims(aud="chat"), key, algorithm=name, headers={"kid": "other"})
            assert server.ask(token)[0] == 401, name


def no_other_algorithm_is_taken():
    for name, make in MAKERS.items():
        key, public = make()
        with Server(public) as server:
            unsigned = jwt.encode(claims(), None, algorithm="none")
            assert server.ask(unsigned)[0] == 401, name
            token = jwt.encode(claims(), rivest()[0], algorithm="RS256")
            assert server.ask(token)[0] == 401, name
            # The public key as a secret. PyJWT refuses such a key, so its bytes are disguised.
            if name != "HS256":
                raw = key.public_key().public_bytes(
                    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
                for guess in (raw, raw[-32:], json.dumps(public).encode()):
                    assert server.ask(jwt.encode(claims(), guess, algorithm="HS256"))[0] == 401, name


def keys_and_tokens_of_the_tool_are_read():
    for name in MAKERS:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "key.jwk")
            tool = [SERVER, "token"]
            subprocess.run([*tool, "--new-key", "--alg", name, "--out", path], check=True, stdout=subprocess.DEVNULL)
            made = subprocess.run(
                [*tool, "--key-file", path, "--sub", NUMBER, "--ttl", "2min", "--audience", "chat"],
                check=True, capture_output=True, text=True)
            with open(path) as file:
                private = json.load(file)
            token = made.stdout.strip()
            assert jwt.get_unverified_header(token)["kid"] == private["kid"]
            if name == "HS256":
                public = private
            else:
                printed = subprocess.run(
                    [*tool, "--public", "--key-file", path], check=True, capture_output=True, text=True).stdout
                public = json.loads(printed)["keys"][0]
                assert "d" not in public, public
            read = jwt.decode(token, jwt.PyJWK(public), algorithms=[name], audience="chat")
            assert read["sub"] == NUMBER and 115 <= read["exp"] - time.time() <= 121, read
            # The other way round: PyJWT signs with the tool's private key.
            key = jwt.PyJWK(private).key
            with Server(public) as server:
                assert server.ask(jwt.encode(claims(), key, algorithm=name))[0] == 101, name


for claim in (
    tokens_of_every_algorithm_let_a_phone_in,
    a_key_of_a_set_is_found_by_its_name_beside_keys_of_others,
    no_other_algorithm_is_taken,
    keys_and_tokens_of_the_tool_are_read,
):
    claim()
    print(f"jwt: {claim.__name__.replace('_', ' ')}")
