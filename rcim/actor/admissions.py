"""Groups that users are about to enter (rcim/actor/entering.py)."""

from __future__ import annotations

from collections.abc import Container, Mapping

from rcim.base.errors import NOT_PERMITTED, RcimError


class Entering:
    """They count as if the users were in them."""

    def __init__(self) -> None:
        self._under_way: dict[str, dict[int, tuple[str, str]]] = {}
        """By user: the number of an admission to its group, and who adds the user."""

    def begin(self, user_id: str, number: int, key: str, by: str = "") -> None:
        """The user is about to enter the group; `by` adds it, as an ordinary user."""
        self._under_way.setdefault(user_id, {})[number] = (key, by)

    def withdraw(self, user_id: str, by: Container[str] | None = None) -> None:
        """The user enters none of the groups that it is about to enter, or none to which one of `by` adds it."""
        groups = self._under_way.get(user_id, {})
        for number in [number for number, (_, who) in groups.items() if by is None or who in by]:
            self.end(user_id, number)

    def holds(self, admissions: Mapping[str, int], user_id: str) -> bool:
        """True if the user may be put into a group by a command with these admissions: its own, if it needs one, was not
        withdrawn meanwhile."""
        number = admissions.get(user_id)
        return number is None or number in self._under_way.get(user_id, {})

    def check(self, admissions: Mapping[str, int], user_id: str) -> None:
        """As `holds`. Raises RcimError(NOT_PERMITTED)."""
        if not self.holds(admissions, user_id):
            raise RcimError(
                NOT_PERMITTED,
                f"{user_id} was deleted, or put the inviter on their black list, while the request waited",
            )

    def end(self, user_id: str, number: int) -> None:
        """That is over, whatever came of it; saying it twice changes nothing."""
        groups = self._under_way.get(user_id)
        if groups is not None:
            groups.pop(number, None)
            if not groups:
                del self._under_way[user_id]

    def of(self, user_id: str) -> set[str]:
        """The groups that the user is about to enter."""
        return {key for key, _ in self._under_way.get(user_id, {}).values()}
