"""Users: their own profile (AB-05, nickname and face URL, which go with every message)."""

from __future__ import annotations

from rcim.actor import commands, outcomes
from rcim.actor.user import user_key
from rcim.handlers.desk import Caller, Desk, ToActor, ToStore
from rcim.rules.fields import check_field
from rcim.store import answers
from rcim.wire import frames


def profile_set(frame: frames.ProfileSet, caller: Caller, desk: Desk) -> ToActor:
    """PROFILE_SET."""
    return ToActor(
        user_key(caller.user_id),
        commands.SetUserProfile(
            caller.user_id,
            caller.admin,
            check_field("nickname", frame.nickname),
            check_field("face_url", frame.face_url),
        ),
    )


def profile_get(frame: frames.ProfileGet, caller: Caller, desk: Desk) -> ToStore:
    """PROFILE_GET."""
    return ToStore(outcomes.UserQuery(frame.user_id))


def saved_ok(result: outcomes.ProfileSaved, desk: Desk) -> frames.ProfileSetOk:
    """AB-05."""
    return frames.ProfileSetOk()


def facts_ok(result: answers.UserFacts, desk: Desk) -> frames.ProfileGetOk:
    """AB-05."""
    return frames.ProfileGetOk(result.profile.nickname, result.profile.face_url)
