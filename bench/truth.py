"""The model of `rcim-bench model`: what was said in a conversation, and what each user did to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rcim.client import Where

RECALLED = "(recalled)"
"""Shown in place of the text of a recalled message."""


@dataclass(frozen=True, slots=True)
class Sort:
    """What differs from one kind of conversation to another."""

    name: str
    users_send: bool = True
    """False: only the app does."""
    group: bool = True
    """It has an owner, who deletes messages of others; messages name their receivers and mention users."""
    discards: bool = True
    """Users may want nothing of it delivered (RX-01)."""
    counts: bool = True
    """What is unread is counted (GT-19)."""
    keeps_own: bool = False
    """What a user did to it stays when they leave it (UG-05)."""
    enters: bool = False
    """Users join and leave it by themselves."""


GROUP = Sort("group")
PAIR = Sort("pair", group=False, discards=False)
CHANNEL = Sort("channel", keeps_own=True)
TEMPORARY = Sort("temporary")
ROOM = Sort("room", counts=False, enters=True)
SYSTEM = Sort("system", users_send=False, group=False, enters=True)
BROADCAST = Sort("broadcast", users_send=False, group=False)


class Said:
    """A message as the model has it. `among`: who may see it; None: everybody (SY-04)."""

    def __init__(
        self,
        sender: str,
        text: str,
        to: tuple[str, ...] = (),
        mentions: tuple[str, ...] = (),
        among: Sequence[str] | None = None,
    ) -> None:
        self.sender = sender
        self.text = text
        self.to = to
        self.mentions = mentions
        self.among = among
        self.deleted = False

    def is_for(self, user: str) -> bool:
        """True if the user may see it."""
        return (not self.to or user == self.sender or user in self.to) and (self.among is None or user in self.among)


class Talk:
    """The model of a conversation: what was said in it, and what each user did to it. `users` are in it now."""

    def __init__(self, users: Sequence[str], where: Callable[[str], Where], sort: Sort = GROUP) -> None:
        self.users = list(users)
        self.where = where
        self.sort = sort
        self.base = 0
        """The SEQ before the first of the model's messages."""
        self.said: dict[int, Said] = {}
        self.read: dict[str, int] = {}
        self.imported_unread: dict[str, int] = {}
        """How many of the messages up to `base` are unread (GR-08)."""
        self.discards: set[str] = set()
        """Users who want nothing delivered now (RX-01)."""
        self.discarded: set[tuple[str, int]] = set()
        """What was said meanwhile: it is in history, and is not given to an app."""
        self.hidden: set[tuple[str, int]] = set()
        self.cleared: dict[str, int] = {}
        """Up to where a user has deleted all of it for themselves."""

    @property
    def newest(self) -> int:
        """The SEQ of the last message."""
        return max(self.said, default=self.base)

    def say(self, seq: int, said: Said) -> None:
        """Somebody says something, and has read what was before (RX-11)."""
        self.said[seq] = said
        if self.sort.users_send:
            self.read[said.sender] = max(self.read.get(said.sender, 0), seq)
        self.discarded |= {(user, seq) for user in self.discards}

    def enter(self, user: str) -> None:
        """The user is in it from now on; who joins has read what was before."""
        self.users.append(user)
        if not self.sort.keeps_own:
            self.read[user] = self.newest

    def leave(self, user: str) -> None:
        """The user is in it no longer; what they did to single messages is kept all the same."""
        self.users.remove(user)
        if not self.sort.keeps_own:
            self.discards.discard(user)
            self.cleared.pop(user, None)

    def given(self, user: str, after: int = 0) -> dict[int, str]:
        """What an app of the user that was given everything behind `after` shows."""
        return {seq: text for seq, text in self.shown(user, after).items() if (user, seq) not in self.discarded}

    def shown(self, user: str, after: int = 0) -> dict[int, str]:
        """What the user sees behind `after`: text by SEQ."""
        after = max(after, self.cleared.get(user, 0))
        return {
            seq: one.text
            for seq, one in self.said.items()
            if seq > after and not one.deleted and (user, seq) not in self.hidden and one.is_for(user)
        }

    def unread(self, user: str) -> tuple[int, int]:
        """RX-08: what counts behind the read position, and how much of it mentions the user."""
        if not self.sort.counts:
            return 0, 0
        read = self.read.get(user, 0)
        there = [self.said[seq] for seq, text in self.shown(user, read).items() if text != RECALLED]
        counted = [one for one in there if one.sender != user and not one.to]
        old = self.imported_unread.get(user, 0) if read < self.base else 0
        return len(counted) + old, sum(user in one.mentions for one in counted)
