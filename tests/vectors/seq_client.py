"""A client that follows SEQ as protocol-spec/seq.md says, and knows nothing else: its rules, in its order."""

from __future__ import annotations

from typing import Any


class SeqClient:
    """One conversation. `take` gives what is shown and asked for because of what comes in."""

    def __init__(self, next_seq: int) -> None:
        self.next = next_seq
        self.newest = next_seq - 1
        self.kept: dict[int, bool] = {}
        """SEQ of what is kept aside, and whether it is shown."""
        self.asked: tuple[int, int] | None = None
        self.waits_for_sync = False
        self.unheard: list[list[int]] = []
        """First and last; the last is 0 while the stretch is open."""
        self._shown: list[int] = []

    def take(self, what: dict[str, Any]) -> tuple[list[int], tuple[int, int] | None]:
        self._shown = []
        before = self.asked
        if "deliver" in what:
            for seq in what["deliver"]:
                self._end_stretch(seq)
                self._message(seq, seq not in what["not_for_you"])
        elif "newest" in what:
            self.newest = max(self.newest, what["newest"])
        elif "history" in what:
            self._page(what)
            before = None
        elif "flagged" in what:
            self._flagged(what["flagged"], what["discard"])
        elif "connected" in what:
            self.kept.clear()
            self.asked, self.waits_for_sync = None, True
        else:
            self.unheard = [list(stretch) for stretch in what["unheard"]]
            self.newest = max(self.newest, what["synced"])
            self.waits_for_sync = False
        self._look()
        return self._shown, self.asked if self.asked != before else None

    def _in_stretch(self, seq: int) -> list[int] | None:
        return next((s for s in self.unheard if s[0] <= seq and (not s[1] or seq <= s[1])), None)

    def _end_stretch(self, seq: int) -> None:
        for stretch in self.unheard:
            if not stretch[1] and stretch[0] <= seq:
                stretch[1] = seq - 1

    def _message(self, seq: int, shown: bool) -> None:
        self.newest = max(self.newest, seq)
        if seq >= self.next:
            self.kept.setdefault(seq, shown and self._in_stretch(seq) is None)
        self._effects()

    def _effects(self) -> None:
        while self.next in self.kept:
            if self.kept.pop(self.next):
                self._shown.append(self.next)
            self.next += 1

    def _pass(self, seq: int) -> None:
        """Nothing below `seq` is waited for any more; what is kept aside of it is shown."""
        for kept in sorted(s for s in self.kept if s < seq):
            if self.kept.pop(kept):
                self._shown.append(kept)
        self.next = max(self.next, seq)
        self._effects()

    def _page(self, page: dict[str, Any]) -> None:
        assert self.asked is not None
        self._pass(page["first_seq"])
        for seq in page["history"]:
            self._message(seq, True)
        if page["more"]:
            self.asked = page["history"][-1] + 1, self.asked[1]
        else:
            self._pass(self.asked[1] + 1)
            self.asked = None

    def _flagged(self, newest: int, discard: bool) -> None:
        if discard:
            self.unheard.append([newest + 1, 0])
        elif self.unheard and not self.unheard[-1][1]:
            self.unheard[-1][1] = newest

    def _look(self) -> None:
        if self.asked is not None or self.waits_for_sync:
            return
        while self.newest >= self.next and (stretch := self._in_stretch(self.next)):
            self._pass(min(stretch[1] or self.newest, self.newest) + 1)
        if self.newest >= self.next:
            self.asked = self.next, min(self.kept, default=self.newest + 1) - 1
