"""What the SDK keeps on a device between two starts, in a file of SQLite: it is in Python's own library.

1. The conversations as the last sync told them, with its cursor: the next sync tells only what has changed since (RX-03).
2. Of each conversation the last messages, and how far the app has taken them.
3. What is to be sent and is not sent yet, in its order.

What happens is written at once and made durable every second, and before a message that waits is tried: what is lost with
the process is told by the server again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rcim.base.limited_log import Log
from rcim.base.terms import MessageState
from rcim.wire import frames

log = Log("rcim.client")

VERSION = 1
TABLES = """
create table meta (name text primary key, value blob) without rowid;
create table conversations (key text primary key, entry blob) without rowid;
create table progress (key text primary key, seq integer) without rowid;
create table messages (key text, seq integer, sender text, entry blob, primary key (key, seq)) without rowid;
create table again (key text, seq integer, primary key (key, seq)) without rowid;
create table outbox (number integer primary key autoincrement, frame blob, tried_ms integer);
"""
TRIM_EVERY = 256
"""Messages put until it is looked which are too many."""
REREAD = 0
"""Among the SEQ that are to be looked at again: the whole conversation."""


class LocalStoreError(Exception):
    """The file can't be used: it is another user's, of a newer program, or damaged."""


class LocalStore:
    """See the module's text. `path` is the file, made if it is not there; a user on a server has one of its own.
    `messages_max` is how many messages of a conversation it keeps. One client uses it at a time; the client opens it."""

    def __init__(self, path: str | Path, *, messages_max: int = 1000) -> None:
        self._path = Path(path)
        self._messages_max = messages_max
        self._db: sqlite3.Connection | None = None
        self._put: dict[str, int] = {}
        self.failed = False
        """True once writing has failed, as on a full disk: nothing more is kept, and the client goes on without."""

    def open(self, user_id: str) -> None:
        """Open the file for this user. Raises LocalStoreError."""
        if self._db is not None:
            return
        try:
            self._path.touch(mode=0o600)
            db = sqlite3.connect(self._path, timeout=0, isolation_level=None)
            try:
                self._prepare(db, user_id)
            except BaseException:
                db.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise LocalStoreError(f"{self._path}: {error}") from None
        self._db, self.failed = db, False

    def _prepare(self, db: sqlite3.Connection, user_id: str) -> None:
        db.execute("pragma locking_mode=exclusive")  # nobody else beside this one
        db.execute("pragma journal_mode=wal")
        db.execute("pragma synchronous=normal")
        (version,) = db.execute("pragma user_version").fetchone()
        if version > VERSION:
            raise LocalStoreError(f"{self._path}: it is of a newer program (version {version})")
        if version == 0:
            db.executescript(f"begin; {TABLES} pragma user_version={VERSION}; commit;")
            db.execute("insert into meta values ('user', ?)", (user_id,))
        db.execute("create table if not exists over (key text primary key) without rowid")
        row = db.execute("select value from meta where name = 'user'").fetchone()
        if row is None or row[0] != user_id:
            raise LocalStoreError(f"{self._path}: it is another user's")

    def _do(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Raises LocalStoreError."""
        if self._db is None:
            raise LocalStoreError(f"{self._path}: it is not open")
        try:
            if not self._db.in_transaction and not statement.startswith("select"):
                self._db.execute("begin")
            return self._db.execute(statement, values)
        except sqlite3.Error as error:
            raise LocalStoreError(f"{self._path}: {error}") from None

    def _write(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Write, unless writing has failed before. What is not kept the server tells again after the next start."""
        if self.failed or self._db is None:
            return
        try:
            self._do(statement, values)
        except LocalStoreError as error:
            log.error("nothing more is kept on disk", error=error)
            self.failed = True
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("rollback")

    def flush(self) -> None:
        """Make durable what was written."""
        if self._db is not None and self._db.in_transaction:
            self._write("commit")

    def close(self) -> None:
        """Make it durable and give back the file."""
        if self._db is not None:
            self.flush()
            self._db.close()
            self._db = None

    # -- conversations

    @property
    def cursor(self) -> bytes:
        """That of the last sync; empty if there was none."""
        row = self._do("select value from meta where name = 'cursor'").fetchone()
        return bytes(row[0]) if row is not None else b""

    @property
    def history_id(self) -> int:
        """Of which history of the server all of it is; 0 if that is not known."""
        row = self._do("select value from meta where name = 'history'").fetchone()
        return int(row[0]) if row is not None else 0

    def belongs_to(self, history_id: int) -> None:
        """All of it is of this history."""
        self._write("replace into meta values ('history', ?)", (history_id,))

    @property
    def started_over(self) -> list[str] | None:
        """Conversations of the history before, of which the app was not told yet that it is to read them again; None if
        nothing was started over."""
        if self._do("select value from meta where name = 'over'").fetchone() is None:
            return None
        return [key for (key,) in self._do("select key from over order by key").fetchall()]

    def start_over(self, keys: Iterable[str], history_id: int) -> None:
        """The server has another history: all but what is to be sent is forgotten. `keys` are what the app knows of: that
        stays, until `synced`, all or nothing."""
        self.flush()
        for key in keys:
            self._write("replace into over values (?)", (key,))
        for table in ("conversations", "progress", "messages", "again"):
            self._write(f"delete from {table}")
        self._write("delete from meta where name = 'cursor'")
        self._write("replace into meta values ('over', 1)")
        self.belongs_to(history_id)
        self.flush()

    def conversations(self) -> list[frames.ConversationEntry]:
        """As the last sync told them."""
        rows = self._do("select entry from conversations").fetchall()
        return [frames.ConversationEntry.decode_struct(entry, 0, len(entry)) for (entry,) in rows]

    def synced(
        self, cursor: bytes, rows: Iterable[frames.ConversationEntry], gone: Iterable[str], reset: bool
    ) -> None:
        """A whole sync, all or nothing; `reset`: these are all there are."""
        if reset:
            self._write("delete from conversations")
        for key in gone:
            self.drop(key)
        for row in rows:
            entry = frames.ConversationEntry.encode_struct(row)
            self._write("replace into conversations values (?, ?)", (row.conversation, entry))
        self._write("replace into meta values ('cursor', ?)", (cursor,))
        self._write("delete from meta where name = 'over'")
        self._write("delete from over")
        self.flush()

    def drop(self, key: str) -> None:
        """The user is in it no longer."""
        for table in ("conversations", "progress", "messages", "again"):
            self._write(f"delete from {table} where key = ?", (key,))

    # -- messages

    def progress(self) -> dict[str, int]:
        """Conversation to the SEQ up to which the app has taken its messages."""
        return dict(self._do("select key, seq from progress").fetchall())

    def begin(self, key: str, seq: int) -> None:
        """What comes behind `seq` is to be given to the app."""
        self._write("replace into progress values (?, ?)", (key, seq))

    def taken(self, key: str, seq: int) -> None:
        """The app has taken the message."""
        self._write("update progress set seq = ? where key = ? and seq < ?", (seq, key, seq))

    def put(self, key: str, item: frames.Message) -> None:
        """A message came."""
        entry = frames.Message.encode_struct(item)
        self._write("replace into messages values (?, ?, ?, ?)", (key, item.seq, item.sender, entry))
        count = self._put[key] = self._put.get(key, 0) + 1
        if count % TRIM_EVERY == 0:
            self._trim(key)

    def _trim(self, key: str) -> None:
        self._write(
            "delete from messages where key = ? and seq <= (select seq from messages where key = ? "
            "order by seq desc limit 1 offset ?)",
            (key, key, self._messages_max),
        )

    def change(self, key: str, item: frames.Message) -> None:
        """A message is another one now; one that is deleted is none any more."""
        if item.state is MessageState.DELETED:
            self.hide(key, [item.seq], 0)
            return
        entry = frames.Message.encode_struct(item)
        self._write(
            "update messages set entry = ?, sender = ? where key = ? and seq = ?", (entry, item.sender, key, item.seq)
        )

    def erase(self, key: str, sender: str, to_seq: int) -> None:
        """All of a sender's messages up to there are deleted."""
        self._gone("sender = ? and seq <= ?", (key, sender, to_seq))

    def hide(self, key: str, seqs: Iterable[int], to_seq: int) -> None:
        """These, and all up to `to_seq`, are deleted for the user."""
        self._gone("seq <= ?", (key, to_seq))
        for seq in seqs:
            self._gone("seq = ?", (key, seq))

    def _gone(self, which: str, values: Sequence[Any]) -> None:
        """Messages are no more; until the app has taken that, it is to be looked for again."""
        rows = f"from messages where key = ? and {which}"
        self._write(f"replace into again select key, seq {rows}", values)
        self._write(f"delete {rows}", values)

    def told_gone(self, key: str, to_seq: int) -> None:
        """The app has taken that messages up to there are no more."""
        self._write(
            "delete from again where key = ? and seq between ? and ?"
            " and seq not in (select seq from messages where key = ?)",
            (key, REREAD + 1, to_seq, key),
        )

    def forget_messages(self, key: str) -> None:
        """More of them have changed than was told."""
        self._write("delete from messages where key = ?", (key,))

    def look_again(self, key: str, seqs: Iterable[int]) -> None:
        """These are others now, and to be asked for; REREAD: all that the app shows."""
        for seq in seqs:
            self._write("replace into again values (?, ?)", (key, seq))

    def looked(self, key: str, seq: int) -> None:
        """The app has taken what it is now."""
        self._write("delete from again where key = ? and seq = ?", (key, seq))

    def to_look(self) -> dict[str, list[int]]:
        """By conversation, what the app has not taken yet."""
        found: dict[str, list[int]] = {}
        for key, seq in self._do("select key, seq from again order by key, seq").fetchall():
            found.setdefault(key, []).append(seq)
        return found

    def messages(self, key: str, before_seq: int, limit: int) -> list[frames.Message]:
        """The newest with a SEQ below `before_seq` (0: of all), oldest first."""
        rows = self._do(
            "select entry from messages where key = ? and (? = 0 or seq < ?) order by seq desc limit ?",
            (key, before_seq, before_seq, limit),
        ).fetchall()
        return [frames.Message.decode_struct(entry, 0, len(entry)) for (entry,) in reversed(rows)]

    # -- what is to be sent

    def posts(self) -> list[tuple[int, bytes, int]]:
        """Number, SEND's body, and when it was tried first (0: not yet), in the order of posting."""
        return self._do("select number, frame, tried_ms from outbox order by number").fetchall()

    def post(self, frame: bytes) -> int:
        """Keep a message that is to be sent, durable when it returns; its number. Raises LocalStoreError."""
        if self.failed:
            raise LocalStoreError(f"{self._path}: nothing can be kept")
        number = self._do("insert into outbox (frame, tried_ms) values (?, 0)", (frame,)).lastrowid
        self._do("commit")
        assert number is not None
        return number

    def tried(self, number: int, now_ms: int) -> None:
        """It is about to be sent."""
        self._write("update outbox set tried_ms = ? where number = ?", (now_ms, number))
        self.flush()

    def posted(self, number: int) -> None:
        """It is sent, or will never be."""
        self._write("delete from outbox where number = ?", (number,))
        self.flush()
