"""Compares the latencies of one pair of phones here and of one in loadgen, at the same time and rate.

Both pairs talk to the server through a relay that delays every byte by 20 ms in each direction. So a delivery
takes a little more than 40 ms, by construction, and the noise of the machine is small in comparison. A client
that counts from the wrong moment, or leaves out a direction, is wrong by a factor of two. Without the relay
both would mostly measure noise. Those figures are printed too, and not compared.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time

from websockets.asyncio.client import connect

ADDRESS = os.environ["SWITCHBOARD_ADDRESS"]
LOADGEN = os.environ["LOADGEN_BIN"]
ANN, BOB = "0012345678", "0087654321"

HELD_BACK = 0.020  # seconds, each way
RATE = 50  # messages a second
SECONDS = 6
# How far the two may differ, and how far a median may be above the relay's delay.
MEDIANS, NINETY_NINTHS, MACHINE = 1.5, 3, 1.5


async def relay(reader, writer):
    """One direction of one connection: passes on all bytes, in order, after their delay."""
    queue = asyncio.Queue()

    async def write():
        while (held := await queue.get()) is not None:
            due, chunk = held
            await asyncio.sleep(due - time.monotonic())
            writer.write(chunk)
            await writer.drain()
        writer.close()

    writing = asyncio.create_task(write())
    try:
        while chunk := await reader.read(65536):
            queue.put_nowait((time.monotonic() + HELD_BACK, chunk))
    finally:
        queue.put_nowait(None)
        await writing


async def relay_both(reader, writer):
    host, port = ADDRESS.rsplit(":", 1)
    server_reader, server_writer = await asyncio.open_connection(host, port)
    ways = relay(reader, server_writer), relay(server_reader, writer)
    # The way in which a connection ends does not matter here.
    await asyncio.gather(*ways, return_exceptions=True)


async def measure(address):
    """Sends at fixed moments, whatever comes back. Returns how long each message took, in milliseconds."""
    took = []
    url = f"ws://{address}/ws/{{}}?presence=none"
    async with connect(url.format(ANN), proxy=None) as ann, connect(url.format(BOB), proxy=None) as bob:

        async def listen():
            for _ in range(RATE * SECONDS):
                frame = json.loads(await asyncio.wait_for(bob.recv(), 5))
                took.append((time.monotonic() - float(frame["text"])) * 1e3)

        listening = asyncio.create_task(listen())
        begin = time.monotonic()
        for number in range(RATE * SECONDS):
            due = begin + number / RATE
            await asyncio.sleep(max(0, due - time.monotonic()))
            await ann.send(json.dumps({"type": "message", "to": BOB, "text": repr(due)}))
        await listening
    return took


async def loadgen(address):
    """The latencies that loadgen reports for a pair at this rate. Checks that loadgen found no error."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        program = await asyncio.create_subprocess_exec(
            LOADGEN, f"ws://{address}", "--clients", "2", "--ramp", "2s", "--presence", "none",
            "--rate", str(RATE), "--duration", f"{SECONDS}s", "--quiet", "--json", report.name,
            stdout=asyncio.subprocess.DEVNULL,
        )
        code = await program.wait()
        # loadgen replaces the file, so the one that is open here stays empty.
        with open(report.name) as written:
            told = json.load(written)
    # Exit code 4: loadgen says that the machine was too busy. The comparison is made all the same.
    assert code in (0, 4), told["failures"]
    assert told["messages"]["delivered"] == RATE * SECONDS, told["messages"]
    times = told["delivery"]["corrected_ns"]
    return times["p50"] / 1e6, times["p99"] / 1e6


async def both(address):
    took, theirs = await asyncio.gather(measure(address), loadgen(address))
    centiles = statistics.quantiles(took, n=100, method="inclusive")
    return (centiles[49], centiles[98]), theirs


def agree(one, other, factor):
    return one <= factor * other and other <= factor * one


async def main():
    (p50, p99), (their_p50, their_p99) = await both(ADDRESS)
    print(f"delivery: directly: websockets p50 {p50:.2f} p99 {p99:.2f}, loadgen {their_p50:.2f} and {their_p99:.2f} ms")

    async with await asyncio.start_server(relay_both, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        (p50, p99), (their_p50, their_p99) = await both(f"{host}:{port}")
    print(f"delivery: held back: websockets p50 {p50:.2f} p99 {p99:.2f}, loadgen {their_p50:.2f} and {their_p99:.2f} ms")
    least = 2 * HELD_BACK * 1e3
    claims = {
        f"the medians agree within a factor of {MEDIANS}": agree(p50, their_p50, MEDIANS),
        f"the p99 agree within a factor of {NINETY_NINTHS}": agree(p99, their_p99, NINETY_NINTHS),
        f"loadgen's median is {least:.0f} ms, or up to {MACHINE} times that": least <= their_p50 <= MACHINE * least,
    }
    for claim, holds in claims.items():
        if not holds:
            print(f"delivery: it does not hold that {claim}")
    print(f"delivery: {sum(claims.values())} of {len(claims)} claims hold")
    sys.exit(not all(claims.values()))


asyncio.run(main())
