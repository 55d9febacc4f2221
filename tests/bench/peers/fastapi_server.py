"""A baseline of ours: the protocol of WebSocket Chat as one would write it with FastAPI and SQLite.

It is written from the protocol for the bench, and is nobody's product. It has register, login and /ws?token=,
and stores each global message before anybody hears of it, as switchboard does. It has nothing else: no limits,
no private messages, no lists. So it is faster than a whole server of this kind would be. What it leaves to the
defaults of its parts, a commit for each message above all, is what people get who do not think about it. Its
journal is a WAL with synchronous=FULL, which is the fastest that survives a power cut.
"""

import hashlib
import json
import os
import secrets
import sqlite3
from datetime import datetime, timezone

from fastapi import FastAPI, HTTPException, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

database = sqlite3.connect(os.environ["DATABASE"], isolation_level=None, check_same_thread=False)
database.executescript("""
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS users(name TEXT PRIMARY KEY, salt BLOB NOT NULL, password BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS logins(token TEXT PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS messages(
        id INTEGER PRIMARY KEY, sender TEXT NOT NULL, content TEXT NOT NULL, created_at TEXT NOT NULL);
""")
app = FastAPI()
sockets: set[WebSocket] = set()


class Credentials(BaseModel):
    username: str
    password: str


def now() -> str:
    return datetime.now(timezone.utc).isoformat()


def digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << 14, r=8, p=1)


@app.post("/register")
def register(who: Credentials):
    salt = secrets.token_bytes(16)
    try:
        database.execute(
            "INSERT INTO users VALUES (?, ?, ?)", (who.username, salt, digest(who.password, salt))
        )
    except sqlite3.IntegrityError:
        raise HTTPException(400, "User already exists") from None
    return {"message": "User registered successfully", "user": {"username": who.username}}


@app.post("/login")
def login(who: Credentials):
    row = database.execute(
        "SELECT salt, password FROM users WHERE name = ?", (who.username,)
    ).fetchone()
    if row is None or not secrets.compare_digest(digest(who.password, row[0]), row[1]):
        raise HTTPException(401, "Invalid credentials")
    token = secrets.token_urlsafe(32)
    database.execute("INSERT INTO logins VALUES (?, ?)", (token, who.username))
    return {"message": "Login successful", "token": token, "user": {"username": who.username}}


@app.websocket("/ws")
async def chat(socket: WebSocket, token: str):
    row = database.execute("SELECT name FROM logins WHERE token = ?", (token,)).fetchone()
    await socket.accept()
    if row is None:
        await socket.close(4001, "Invalid or expired session token")
        return
    name = row[0]
    sockets.add(socket)
    try:
        while True:
            frame = json.loads(await socket.receive_text())
            if frame.get("type") == "chat":
                await say(name, frame["content"].strip())
    except WebSocketDisconnect:
        pass
    finally:
        sockets.discard(socket)


async def say(name: str, content: str):
    at = now()
    database.execute(
        "INSERT INTO messages(sender, content, created_at) VALUES (?, ?, ?)", (name, content, at)
    )
    text = json.dumps(
        {
            "type": "chat",
            "content": content,
            "sender": name,
            "timestamp": at,
            "is_global": True,
            "recipient": None,
        },
        separators=(",", ":"),
    )
    for socket in list(sockets):
        try:
            await socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError):
            sockets.discard(socket)
