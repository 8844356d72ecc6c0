"""The groups of one user: how many they are, and who may put the user into one more.

1. The bound `groups_per_user_max` is kept here, where the user is, whoever adds the user and by whichever gateway. What
   is about to put a user into a group asks for admission first, and says afterwards that it is over; in between the group
   counts. Nothing of that is kept: a server that starts again has nothing under way.
2. Which groups the user is in is read from the store with the actor, and follows what is committed from then on.
3. A group that the user can not see yet (GT-16, GR-08) can not be left either. So it counts when others add the user, and
   not when the user enters a group itself: nobody can keep a user out of groups by hidden ones.
4. Whom a user has on its black list can not add it (SC-07), also where white lists are in force for one-to-one
   conversations: those say who may write, not who may add. An app administrator acts for the app: no list holds it, but
   the bound does.
5. What puts a user in may wait, for the app or for its turn. An admission is withdrawn at once when the account is
   deleted (ID-09) or the user puts who adds it on its black list. The group looks for it when it puts the user in; whom
   it had put in before is found when the groups of a deleted account are read.
6. Temporary conversations are counted on their own (`temporary_per_user_max`), so that they keep nobody out of groups
   (SY-02).
7. Where users are asked first (GT-07), only the app adds them without: others are told so, and invite (inviting.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from rcim.actor.app_state import AppState
from rcim.actor.user_commands import AdmitToGroup
from rcim.base.errors import BLACKLISTED, TOO_MANY_GROUPS, RcimError
from rcim.base.terms import Place
from rcim.rules.conversation_kinds import TEMPORARY, ULTRA


class OwnGroups:
    """See the module's text. `places` is read with the user; `black` is the user's own black list, as it changes."""

    __slots__ = ("_app_state", "_black", "_places", "_user_id")

    def __init__(self, user_id: str, places: Mapping[str, Place], black: Set[str], app_state: AppState) -> None:
        self._user_id = user_id
        self._places = dict(places)
        self._black = black
        self._app_state = app_state

    def note(self, key: str, place: Place) -> None:
        """What the user is in the group from now on; saying it twice changes nothing."""
        if place is Place.OUTSIDE:
            self._places.pop(key, None)
        else:
            self._places[key] = place

    def has(self, key: str) -> bool:
        """True if the user is in the group."""
        return key in self._places

    def admit(self, command: AdmitToGroup, asks_first: bool) -> bool:
        """The user is about to be put into the group: it counts until `AppState.entering` is told that it is over. False:
        it does not, since the user is to be asked first (`asks_first`). Raises RcimError(TOO_MANY_GROUPS or
        BLACKLISTED)."""
        key, by, admin = command.key, command.by, command.admin
        self.check_lets_add(by, admin)
        if key not in self._places:
            self._check_count(key, self._user_id == by)
            if asks_first and not admin and by != self._user_id:
                return False
        self._app_state.entering.begin(self._user_id, command.number, key, "" if admin else by)
        return True

    def check_lets_add(self, by: str, admin: bool) -> None:
        """SC-07. Raises RcimError(BLACKLISTED)."""
        if not admin and by in self._black:
            raise RcimError(BLACKLISTED, f"{self._user_id} has {by} on its black list")

    def _check_count(self, key: str, own: bool) -> None:
        limits = self._app_state.config.limits
        if key.startswith(TEMPORARY.prefix):  # SY-02: they have a bound of their own
            self._check_most(key, own, limits.temporary_per_user_max, "temporary conversations", TEMPORARY.prefix)
            return
        self._check_most(key, own, limits.groups_per_user_max, "groups", "")
        if key.startswith(ULTRA.prefix):  # UG-01
            self._check_most(key, own, limits.ultra_groups_per_user_max, "ultra groups", ULTRA.prefix)

    def _check_most(self, key: str, own: bool, most: int, what: str, prefix: str) -> None:
        """At most `most` groups whose keys begin with `prefix`, which are called `what`; 0: any number. No prefix counts
        all but temporary conversations."""
        if not most:
            return

        def counts(one: str) -> bool:
            return one.startswith(prefix) if prefix else not one.startswith(TEMPORARY.prefix)

        places = [place for one, place in self._places.items() if counts(one)]
        count = sum(not own or place is Place.MEMBER for place in places)
        count += sum(
            1
            for one in self._app_state.entering.of(self._user_id)
            if one != key and one not in self._places and counts(one)
        )
        if count >= most:
            raise RcimError(
                TOO_MANY_GROUPS, f"{self._user_id} is in {count} {what} already; at most {most} are allowed"
            )
