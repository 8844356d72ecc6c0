"""The app's lists (SC-05, FC-07): what the settings say, and what was added while it runs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set
from copy import copy
from typing import NamedTuple

from rcim.base.errors import DIRTY_WORD, RcimError
from rcim.base.terms import AppList
from rcim.rules.fields import check_field
from rcim.rules.word_filter import FILLERS, NOTED_WORDS, WordFilter, WordFilterChange


class AppLists:
    """See the module's text. It does not change: `changed` makes another one."""

    def __init__(
        self,
        settings: Mapping[AppList, Iterable[str]] | None = None,
        fillers: str = FILLERS,
        *,
        spaces: bool = False,
        names: bool = True,
        kinds: Iterable[str] = (),
    ) -> None:
        """SC-08: `spaces` says that the word filter passes over white space, `names` that it reads names too; `kinds` are
        the types of conversations in which it reads messages, all if there are none."""
        self._settings = {which: frozenset((settings or {}).get(which, ())) for which in AppList}
        self.added: Mapping[AppList, Mapping[str, None]] = {which: {} for which in AppList}
        """What was added while it runs."""
        self._taken_off: Mapping[AppList, Set[str]] = {which: set() for which in AppList}
        """What the settings say and was taken off while it runs; it comes back when they are read anew (SC-08)."""
        self._fillers, self._spaces = fillers, spaces
        self._names, self._kinds = names, frozenset(kinds)
        self._filter: WordFilter | None = None
        self._filter_before: WordFilter | None = None
        """One for other words, of which most may be the same."""
        self._in_force: Mapping[AppList, frozenset[str]] = self._settings
        self._protects = self._any_protected()
        self.screens = self._any_words()
        """True if there is any word to look for."""

    def holds(self, which: AppList, entry: str) -> bool:
        """True if `entry` is on the list."""
        return entry in self._in_force[which]

    def changed(self, which: AppList, add: Iterable[str], remove: Iterable[str]) -> AppLists:
        """The lists with entries of one of them added and removed; the others are shared with these."""
        made = copy(self)
        there = dict(self.added[which])
        for entry in remove:
            there.pop(entry, None)
        there.update(dict.fromkeys(add))
        off = (self._taken_off[which] | set(self.back_later(which, remove))) - set(add)
        made.added = {**self.added, which: there}
        made._taken_off = {**self._taken_off, which: off}
        made._in_force = {**self._in_force, which: (self._settings[which] - off) | there.keys()}
        if which in (AppList.REFUSED_WORDS, AppList.REPLACED_WORDS):
            made._filter, made._filter_before = None, self._filter or self._filter_before
        made._protects = made._any_protected()
        made.screens = made._any_words()
        return made

    def or_same(self, other: AppLists) -> AppLists:
        """`other` if it is as this one, with the filter that it has made; else this one."""
        return other if self._all() == other._all() else self

    def following(self, other: AppLists) -> AppLists:
        """These, which make their filter from that of `other`, if they have none."""
        if self._filter is not None:
            return self
        made = copy(self)
        made._filter_before = other._filter or other._filter_before
        return made

    def _all(self) -> tuple[object, ...]:
        added = {which: frozenset(entries) for which, entries in self.added.items()}
        return self._settings, added, self._taken_off, self._fillers, self._spaces, self._names, self._kinds

    def back_later(self, which: AppList, removed: Iterable[str]) -> list[str]:
        """Those of them that come back when the settings are read anew, which say them (SC-08)."""
        return [entry for entry in removed if entry in self._settings[which]]

    def covers(self, kind: str) -> bool:
        """True if messages in conversations of this type are screened (SC-08); `C2C` is that of two users."""
        return not self._kinds or kind in self._kinds

    def screened(self, name: str, text: str) -> str:
        """SC-08: what is to stand in a group's or a user's field `name` in place of `text`. Raises
        RcimError(DIRTY_WORD), and RcimError(BAD_PARAMETER) if it is too long with words replaced."""
        if not (text and self.screens and self._names):
            return text
        verdict = self.words.check([text])
        if isinstance(verdict, str):
            raise RcimError(DIRTY_WORD)
        return text if verdict is None else check_field(name, verdict[0])

    def _any_words(self) -> bool:
        return bool(self._in_force[AppList.REFUSED_WORDS] or self._in_force[AppList.REPLACED_WORDS])

    def _any_protected(self) -> bool:
        return bool(self._in_force[AppList.PROTECTED_USERS] or self._in_force[AppList.PROTECTED_TYPES])

    @property
    def protects(self) -> bool:
        """True if there is anybody or anything that passes before all others."""
        return self._protects

    def entries(self, which: AppList) -> list[str]:
        """All of a list, sorted."""
        return sorted(self._in_force[which])

    @property
    def words(self) -> WordFilter:
        """SC-05. Made when it is asked for, if `make_filter` has not made it."""
        return self._filter or self.make_filter()

    def make_filter(self, between: Callable[[], None] = lambda: None) -> WordFilter:
        """SC-05. 600 ms for 20,000 words; after a change it is made from the one before, and of what is different. With
        calls of `between`: see WordFilter.changed."""
        for number, long in enumerate(self.filter_steps(), 1):
            if long or number % NOTED_WORDS == 0:
                between()
        assert self._filter is not None
        return self._filter

    def filter_steps(self) -> Generator[bool, None, None]:
        """Make the filter in steps (WordFilterChange); it is there when the last one is done."""
        if self._filter is not None:
            return
        refused, replaced = self._in_force[AppList.REFUSED_WORDS], self._in_force[AppList.REPLACED_WORDS]
        before, fillers, spaces = self._filter_before, self._fillers, self._spaces
        if before is None or (before.fillers, before.spaces) != (fillers, spaces):
            before = WordFilter((), (), fillers, spaces=spaces)
        change = WordFilterChange(before, refused, replaced)
        yield from change.steps()
        self._filter, self._filter_before = change.found, None


class ListsAhead(NamedTuple):
    """Lists as they are after a change that is about to be made, with their filter made before it."""

    before: AppLists
    which: AppList
    add: Sequence[str]
    remove: Sequence[str]
    after: AppLists

    def are_of(self, lists: AppLists, which: AppList, add: Sequence[str], remove: Sequence[str]) -> bool:
        """True if these are what this change makes of `lists`."""
        return self.before is lists and (self.which, self.add, self.remove) == (which, add, remove)
