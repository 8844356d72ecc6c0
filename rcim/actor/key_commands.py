"""Commands about API keys (ID-08), which the app's actor carries out."""

from __future__ import annotations

from rcim.actor.user_commands import Asked


class CreateKey(Asked, frozen=True, gc=False):
    """Make a key with this secret, which begins with the key's id."""

    secret: str
    name: str
    scopes: tuple[str, ...]
    acts_as: str
    expires_ms: int
    per_s: int


class ReadKeys(Asked, frozen=True, gc=False):
    """A page of the keys after `cursor`, by id."""

    cursor: str
    limit: int


class RevokeKey(Asked, frozen=True, gc=False):
    """The key counts no more."""

    key_id: str


class UseKey(Asked, frozen=True, gc=False):
    """Whose secret is this? Notes that the key is in use."""

    secret: str


KeyCommand = CreateKey | ReadKeys | RevokeKey | UseKey
