"""Compares the schema of each protocol with its page, and with what the server says of frames.

Every example of the page must fit the schema. Then each field of each example of a client is removed, or gets another
value: the server must find a flaw in the frame exactly if the schema does. What the server sends has to fit, too.
"""

import asyncio
import itertools
import json
import os
import pathlib
import re

from jsonschema import Draft202012Validator
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

ADDRESS = os.environ["SWITCHBOARD_ADDRESS"]
DIALECTS = pathlib.Path(__file__).resolve().parents[2] / "src/dialects"
REMOVED = object()
VALUES = [REMOVED, None, 5, -1.5, "", "x", "0012345678", "2026-02-28", "x" * 65, "x" * 257, True, False, [], ["x"], [5], {}]
NUMBERS = itertools.count()


class Protocol:
    def __init__(self, name, path, sign_in):
        self.name, self.path, self.sign_in = name, path, sign_in
        schema = json.loads((DIALECTS / name / "schema.json").read_text())
        Draft202012Validator.check_schema(schema)
        self.client, self.server = (
            Draft202012Validator({**schema, "anyOf": [{"$ref": f"#/$defs/{side}"}]}) for side in ("client", "server")
        )
        page = (DIALECTS / name / "PROTOCOL.md").read_text()
        self.sent, self.received = (self.examples(page, heading) for heading in ("What you send", "What you are sent"))

    def examples(self, page, heading):
        section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
        lines = "".join(re.findall(r"```json\n(.*?)```", section, re.S)).splitlines()
        assert len(lines) > 5, lines
        return [json.loads(line) for line in lines]

    def changed(self):
        """Every example of a client with one field changed, and the examples themselves."""
        for example in self.sent:
            yield example
            insides = [example, example["data"]] if self.name == "messenger" and "data" in example else [example]
            for inside in insides:
                for key, value in itertools.product(list(inside), VALUES):
                    if key != "type":
                        changed = {k: v for k, v in inside.items() if k != key}
                        changed.update({} if value is REMOVED else {key: value})
                        yield changed if inside is example else {**example, "data": changed}

    def checked(self, text):
        frame = json.loads(text)
        errors = list(self.server.iter_errors(frame))
        assert not errors, f"the schema does not know {text}"
        return frame

    async def asked(self, frame):
        """What the server makes of a frame: the code of the flaw, or None."""
        async with connect(f"ws://{ADDRESS}{self.path()}", proxy=None) as client:
            if self.sign_in and frame["type"] != "auth":
                await client.send(json.dumps({"type": "auth", "data": {"sessionId": f"s-{next(NUMBERS)}"}}))
            await client.send(json.dumps(frame))
            # Whatever comes first, this is answered last.
            await client.send('{"type":"ping"}')
            code = None
            try:
                while (told := self.checked(await asyncio.wait_for(client.recv(), 5)))["type"] != "pong":
                    if told["type"] == "error":
                        code = told.get("data", told)["code"]
                        break
            except ConnectionClosed as closed:
                assert frame["type"] == "auth", (frame, closed)
                code = code or "closed"
            return code

    async def check(self):
        for example in self.sent:
            self.client.validate(example)
        for example in self.received:
            self.server.validate(example)
        count = flaws = 0
        frames = list({json.dumps(frame): frame for frame in self.changed()}.values())
        for some in itertools.zip_longest(*[iter(frames)] * 16):
            some = [frame for frame in some if frame]
            for frame, code in zip(some, await asyncio.gather(*map(self.asked, some))):
                # What is well-formed, and not allowed, has other codes.
                is_flaw = code is not None and code.startswith(("bad_", "not_an_", "unknown_"))
                fits = self.client.is_valid(frame)
                assert fits != is_flaw, f"schema: {fits}, server: {code}: {json.dumps(frame)}"
                count, flaws = count + 1, flaws + is_flaw
        assert 0 < flaws < count
        print(f"schema of {self.name}: {count} frames, {flaws} of them with a flaw, as the server says")


async def main():
    await Protocol("sca", lambda: f"/ws/{next(NUMBERS):010}?presence=none", sign_in=False).check()
    await Protocol("messenger", lambda: "/ws", sign_in=True).check()


asyncio.run(main())
