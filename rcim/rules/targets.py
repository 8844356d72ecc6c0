"""Whom a broadcast is for (SY-04): tags and attributes of users, and conditions over them, as plain data.

A target has at most one list of each sort. Each list that is not empty has to hold: of the `_any` lists one entry, of the
`_all` lists every entry. A target without entries holds for everybody.
"""

from __future__ import annotations

import msgspec

from rcim.base.errors import BAD_PARAMETER, TOO_MANY_ENTRIES, RcimError

TAGS_MAX = 100
"""Tags of a user, as Tencent has them: 5 KB at the most, which each login reads."""
TAG_BYTES_MAX = 50
ATTRIBUTES_MAX = 10
"""Attributes that an app declares, numbered from 0, and so the most that a user has."""
ATTRIBUTE_BYTES_MAX = 50
"""Of a name, and of a value."""
TARGET_ENTRIES_MAX = 100
"""Entries of a target, of all its lists together: each is looked up for each user who is online, 50 ns each."""


class Labels(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What the app has said of a user, by which broadcasts are targeted."""

    tags: tuple[str, ...] = ()
    """In order."""
    attributes: dict[str, str] = {}
    """By name."""

    def changed(self, change: LabelChange) -> Labels:
        """These with the change. Raises RcimError(TOO_MANY_ENTRIES) if that would be more tags than a user may have."""
        tags = set() if change.all_tags else set(self.tags) - set(change.remove_tags)
        tags.update(change.add_tags)
        if len(tags) > TAGS_MAX:
            raise RcimError(TOO_MANY_ENTRIES, f"tags: a user has at most {TAGS_MAX}; remove some first")
        gone = set(change.remove_attributes)
        attributes = {name: value for name, value in self.attributes.items() if name not in gone}
        return Labels(tuple(sorted(tags)), attributes | dict(change.set_attributes))

    def declared(self, names: frozenset[str]) -> Labels:
        """These without attributes that the app does not declare any more."""
        kept = {name: value for name, value in self.attributes.items() if name in names}
        return self if len(kept) == len(self.attributes) else Labels(self.tags, kept)


class LabelChange(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is to change of a user's labels: first what is removed, then what is added."""

    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    all_tags: bool = False
    """True: all tags that the user had are removed."""
    set_attributes: tuple[tuple[str, str], ...] = ()
    remove_attributes: tuple[str, ...] = ()


NO_LABELS = Labels()


class Target(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A condition over a user's labels; see the module's text."""

    tags_any: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    attributes_any: tuple[tuple[str, str], ...] = ()
    """Names and values."""
    attributes_all: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The attributes that it asks for."""
        return frozenset(name for name, _ in (*self.attributes_any, *self.attributes_all))

    def check(self) -> Target:
        """Itself. Raises RcimError(BAD_PARAMETER)."""
        size = sum(map(len, (self.tags_any, self.tags_all, self.attributes_any, self.attributes_all)))
        if size > TARGET_ENTRIES_MAX:
            raise RcimError(BAD_PARAMETER, f"target: {size} entries, must be at most {TARGET_ENTRIES_MAX}")
        return self


def matches(target: Target | None, labels: Labels) -> bool:
    """True if a user with these labels is one of those whom `target` means; None means everybody."""
    if target is None:
        return True
    tags, attributes = set(labels.tags), labels.attributes
    if target.tags_any and tags.isdisjoint(target.tags_any):
        return False
    if not tags.issuperset(target.tags_all):
        return False
    if target.attributes_any and not any(attributes.get(name) == value for name, value in target.attributes_any):
        return False
    return all(attributes.get(name) == value for name, value in target.attributes_all)
