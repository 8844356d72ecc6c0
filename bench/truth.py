"""The model of `rcim-bench model`: what was said in a conversation, and what each user did to it."""

from __future__ import annotations

from collections.abc import Callable

from rcim.client import Where

RECALLED = "(recalled)"
"""Shown in place of the text of a recalled message."""


class Said:
    """A message as the model has it."""

    def __init__(self, sender: str, text: str, to: tuple[str, ...], mentions: tuple[str, ...]) -> None:
        self.sender = sender
        self.text = text
        self.to = to
        self.mentions = mentions
        self.deleted = False


class Talk:
    """The model of a conversation: what was said in it, and what each user did to it."""

    def __init__(self, users: list[str], where: Callable[[str], Where]) -> None:
        self.users = users
        self.where = where
        self.base = 0
        """The SEQ before the first of the model's messages."""
        self.said: dict[int, Said] = {}
        self.read = dict.fromkeys(users, 0)
        self.imported_unread = dict.fromkeys(users, 0)
        """How many of the messages up to `base` are unread (GR-08)."""
        self.discards: set[str] = set()
        """Users who want nothing delivered now (RX-01)."""
        self.discarded: dict[str, set[int]] = {user: set() for user in users}
        """What was said meanwhile: it is in history, and is not given to an app."""
        self.hidden: dict[str, set[int]] = {user: set() for user in users}

    @property
    def newest(self) -> int:
        """The SEQ of the last message."""
        return max(self.said, default=self.base)

    def say(self, seq: int, said: Said) -> None:
        """Somebody says something, and has read what was before (RX-11)."""
        self.said[seq] = said
        self.read[said.sender] = max(self.read[said.sender], seq)
        for user in self.discards:
            self.discarded[user].add(seq)

    def given(self, user: str, after: int = 0) -> dict[int, str]:
        """What an app of the user that was given everything behind `after` shows."""
        return {seq: text for seq, text in self.shown(user, after).items() if seq not in self.discarded[user]}

    def shown(self, user: str, after: int = 0) -> dict[int, str]:
        """What the user sees behind `after`: text by SEQ."""
        return {
            seq: one.text
            for seq, one in self.said.items()
            if seq > after
            and not one.deleted
            and seq not in self.hidden[user]
            and (not one.to or user == one.sender or user in one.to)
        }

    def unread(self, user: str) -> tuple[int, int]:
        """RX-08: what counts behind the read position, and how much of it mentions the user."""
        shown = self.shown(user, self.read[user])
        there = [self.said[seq] for seq, text in shown.items() if text != RECALLED]
        counted = [one for one in there if one.sender != user and not one.to]
        old = self.imported_unread[user] if self.read[user] < self.base else 0
        return len(counted) + old, sum(user in one.mentions for one in counted)
