"""Sends what a phone sends, and compares every answer with the contract, byte by byte.

Each function is one claim. No step waits for longer than two seconds.
"""

import asyncio
import os
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

ADDRESS = os.environ["SWITCHBOARD_ADDRESS"]
ANN, BOB, NOBODY = "0012345678", "0087654321", "0000000000"


def phone(mobile, **options):
    """Opens a connection that wants no presence after the first list, so that every frame is known beforehand."""
    return connect(f"ws://{ADDRESS}/ws/{mobile}?presence=none", proxy=None, **options)


async def hears(phone, *frames):
    for frame in frames:
        heard = await asyncio.wait_for(phone.recv(), 2)
        assert heard == frame, f"heard {heard}, not {frame}"


async def is_closed(phone, code, reason):
    try:
        heard = await asyncio.wait_for(phone.recv(), 2)
    except ConnectionClosed as closed:
        assert (closed.rcvd.code, closed.rcvd.reason) == (code, reason), closed
    else:
        raise AssertionError(f"heard {heard}, not close code {code}")


async def an_offer_of_compression_is_ignored_and_not_refused():
    async with phone(ANN) as ann:
        assert "permessage-deflate" in ann.request.headers["Sec-WebSocket-Extensions"]
        assert ann.response.status_code == 101
        assert "Sec-WebSocket-Extensions" not in ann.response.headers
        assert ann.protocol.extensions == []


async def the_list_comes_first_and_again_with_every_change():
    def users(frame):
        start, end = '{"type":"online_users","users":[', "]}"
        assert frame.startswith(start) and frame.endswith(end), frame
        return sorted(frame.removeprefix(start).removesuffix(end).split(","))

    async with connect(f"ws://{ADDRESS}/ws/{ANN}", proxy=None) as ann:
        await hears(ann, f'{{"type":"online_users","users":["{ANN}"]}}')
        async with connect(f"ws://{ADDRESS}/ws/{BOB}", proxy=None) as bob:
            for each in ann, bob:
                assert users(await asyncio.wait_for(each.recv(), 2)) == [f'"{ANN}"', f'"{BOB}"']
        await hears(ann, f'{{"type":"online_users","users":["{ANN}"]}}')


async def a_heartbeat_is_answered_in_whatever_pieces_it_comes():
    async with phone(ANN) as ann:
        await ann.send('{"type":"ping"}')
        await ann.send(['{"type"', ":", '"ping"}'])
        await hears(ann, '{"type":"pong"}', '{"type":"pong"}')
        await asyncio.wait_for(await ann.ping(b"are you there?"), 2)


async def a_text_arrives_as_the_json_that_it_was():
    async with phone(ANN) as ann, phone(BOB) as bob:
        for text in '"hi"', r'"caf\u00e9 \ud83d\ude00 \/ \""', '"café 😀"', '""':
            await ann.send(f'{{"type":"message","to":"{BOB}","text":{text}}}')
            await hears(bob, f'{{"type":"message","from":"{ANN}","text":{text}}}')


async def a_message_with_an_id_is_acknowledged():
    async with phone(ANN) as ann, phone(BOB) as bob:
        await ann.send(f'{{"type":"message","to":"{BOB}","text":"hi","id":"a-1"}}')
        await hears(bob, f'{{"type":"message","from":"{ANN}","text":"hi","id":"a-1"}}')
        await hears(ann, '{"type":"ack","id":"a-1","status":"delivered"}')
        await bob.send(f'{{"type":"receipt","to":"{ANN}","id":"a-1","status":"read"}}')
        await hears(ann, f'{{"type":"receipt","from":"{BOB}","id":"a-1","status":"read"}}')


async def a_message_to_nobody_comes_back():
    async with phone(ANN) as ann:
        await ann.send(f'{{"type":"message","to":"{NOBODY}","text":"hi"}}')
        await hears(ann, f'{{"type":"undelivered","to":"{NOBODY}","reason":"offline"}}')
        await ann.send(f'{{"type":"message","to":"{NOBODY}","text":"hi","id":"a-2"}}')
        await hears(ann, '{"type":"ack","id":"a-2","status":"offline"}')


async def typing_and_signals_are_passed_on():
    async with phone(ANN) as ann, phone(BOB) as bob:
        await ann.send(f'{{"type":"typing","to":"{BOB}","is_typing":true}}')
        await ann.send(f'{{"type":"signal","to":"{BOB}","data":{{"sdp": [1, null]}}}}')
        await hears(
            bob,
            f'{{"type":"typing","from":"{ANN}","is_typing":true}}',
            f'{{"type":"signal","from":"{ANN}","data":{{"sdp": [1, null]}}}}',
        )


async def what_makes_no_sense_is_an_error_and_no_more():
    async with phone(ANN) as ann:
        for frame, error in [
            ("hello", '"detail":"a frame must be one JSON object","code":"not_an_object"'),
            ('{"type":"shout"}', '"detail":"unknown type","code":"unknown_type"'),
            (f'{{"type":"message","to":"{BOB}","id":"e"}}', '"detail":"text must be a string","code":"bad_text","id":"e"'),
        ]:
            await ann.send(frame)
            await hears(ann, f'{{"type":"error",{error}}}')
        await ann.send('{"type":"ping"}')
        await hears(ann, '{"type":"pong"}')


async def the_newer_connection_wins():
    async with phone(ANN) as older, phone(ANN) as newer:
        await is_closed(older, 4000, "replaced by a newer connection")
        await newer.send('{"type":"ping"}')
        await hears(newer, '{"type":"pong"}')


async def what_the_protocol_does_not_have_is_closed_with_its_code():
    async with phone(ANN) as ann:
        await ann.send(b"\x00\x01")
        await is_closed(ann, 1003, "this protocol has no binary messages")
    async with phone(ANN) as ann:
        await ann.send("x" * 65537)
        await is_closed(ann, 1009, "the message is too big")


async def a_number_that_is_none_is_refused_before_the_upgrade():
    for mobile in "123", "12345678901234567890123456789012345", "001234567x":
        try:
            async with phone(mobile):
                raise AssertionError(f"{mobile} was let in")
        except InvalidStatus as refused:
            assert refused.response.status_code == 400, refused
            assert refused.response.body.startswith(b'{"detail":"'), refused.response.body


CLAIMS = [
    an_offer_of_compression_is_ignored_and_not_refused,
    the_list_comes_first_and_again_with_every_change,
    a_heartbeat_is_answered_in_whatever_pieces_it_comes,
    a_text_arrives_as_the_json_that_it_was,
    a_message_with_an_id_is_acknowledged,
    a_message_to_nobody_comes_back,
    typing_and_signals_are_passed_on,
    what_makes_no_sense_is_an_error_and_no_more,
    the_newer_connection_wins,
    what_the_protocol_does_not_have_is_closed_with_its_code,
    a_number_that_is_none_is_refused_before_the_upgrade,
]


async def main():
    failed = 0
    for claim in CLAIMS:
        try:
            await claim()
        except Exception as error:
            failed += 1
            print(f"chat: {claim.__name__} does not hold: {error!r}")
    print(f"chat: {len(CLAIMS) - failed} of {len(CLAIMS)} claims hold")
    sys.exit(failed > 0)


asyncio.run(main())
