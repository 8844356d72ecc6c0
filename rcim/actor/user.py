"""The machine of one user's own state. Today its profile; what else belongs to a user alone comes here."""

from __future__ import annotations

from rcim.actor.commands import SetUserProfile
from rcim.actor.outcomes import Outcome, ProfileSaved, UserProfileChanged
from rcim.actor.records import UserProfile, UserProfileSet, UserSnapshot

USER_PREFIX = "@:"
"""Keys of users' actors; no conversation id on the wire begins so."""


def user_key(user_id: str) -> str:
    """The key of a user's actor."""
    return USER_PREFIX + user_id


class UserActor:
    """See the module's text."""

    exists = True

    def __init__(self, snapshot: UserSnapshot) -> None:
        self._key = snapshot.key
        self._user_id = snapshot.user_id
        self._profile = snapshot.profile

    def handle(self, command: SetUserProfile, now_ms: int, position: int) -> Outcome:
        """Carry out one command, as GroupActor.handle."""
        profile = UserProfile(command.nickname, command.face_url)
        if profile == self._profile:
            return Outcome(ProfileSaved())
        self._profile = profile
        return Outcome(
            ProfileSaved(),
            UserProfileSet(self._key, self._user_id, profile),
            (UserProfileChanged(self._user_id, profile.nickname, profile.face_url),),
        )
