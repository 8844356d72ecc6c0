"""Members who are not online, and when they leave by themselves (CR-01).

1. The clock of a member starts with the first message after their last session ended. Members whose clock starts with the
   same message are one wave.
2. A wave is due after so many seconds, or with so many messages, whichever comes first. Waves are in order of both.
3. Whoever comes back is in no wave. Nothing is counted twice, so a message costs the same however many are absent.
4. Of members found absent when the actor is loaded, nobody knows since when, and after a restart their sessions may not
   have been told yet: messages alone do not make them leave, only time.
5. Where a lost connection leaves at once (CR-02), only those are absent who were found so, or who were to stay then: time
   makes them leave, whatever the type says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rcim.rules.group_types import GroupType

UNSURE_MS = 30_000
"""The least time before a member leaves who was found absent: by then every process with connections has told of them."""
NEVER = -1


class _Wave:
    """Members whose clocks have started with the same message."""

    __slots__ = ("begun_ms", "first", "sure", "users")

    def __init__(self, users: dict[str, None], first: int, begun_ms: int, *, sure: bool) -> None:
        self.users, self.first, self.begun_ms, self.sure = users, first, begun_ms, sure


class Absences:
    """See the module's text; the members of one conversation. Times are wall clock, in milliseconds."""

    __slots__ = ("_fresh", "_passed", "_unsure", "_waves", "_where", "asked")

    def __init__(self, found: Iterable[str] = ()) -> None:
        """`found` are members who are not online when the actor is loaded."""
        self._fresh: dict[str, None] = {}
        """Absent since the last message."""
        self._unsure = dict.fromkeys(found)
        """The same, of those who were found absent."""
        self._passed = 0
        self._waves: deque[_Wave] = deque()
        self._where: dict[str, _Wave] = {}
        self.asked = False
        """True while it has been said that a wave is due."""

    def __len__(self) -> int:
        return len(self._fresh) + len(self._unsure) + len(self._where)

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._where or user_id in self._fresh or user_id in self._unsure

    def away(self, user_id: str) -> None:
        """The member is not online from now on; once more changes nothing."""
        if user_id not in self:
            self._fresh[user_id] = None

    def back(self, user_id: str) -> None:
        """Note that the member is online, or no longer a member."""
        self._fresh.pop(user_id, None)
        self._unsure.pop(user_id, None)
        wave = self._where.pop(user_id, None)
        if wave is not None:
            wave.users.pop(user_id, None)

    def passed(self, policy: GroupType, now_ms: int) -> int:
        """A message has passed. Returns in how many milliseconds `due` is to be asked; NEVER: nothing new is to come."""
        self._passed += 1
        wait = NEVER
        for users, sure in ((self._fresh, True), (self._unsure, False)):
            if users:
                wave = _Wave(users, self._passed, now_ms, sure=sure)
                self._waves.append(wave)
                self._where.update(dict.fromkeys(users, wave))
                wait = self._wait_ms(wave, policy, now_ms)
        if wait != NEVER:
            self._fresh, self._unsure = {}, {}
        if not self.asked and self._waves and self._wait_ms(self._waves[0], policy, now_ms) == 0:
            wait = 0
        self.asked = self.asked or wait == 0
        return wait

    def due(self, policy: GroupType, now_ms: int, most: int) -> list[str]:
        """Who leaves now, at most `most`; they are absent no longer."""
        self.asked = False
        found: list[str] = []
        while self._waves and len(found) < most:
            wave = self._waves[0]
            if wave.users and self._wait_ms(wave, policy, now_ms) != 0:
                break
            while wave.users and len(found) < most:
                user_id, _ = wave.users.popitem()
                self._where.pop(user_id, None)
                found.append(user_id)
            if not wave.users:
                self._waves.popleft()
        return found

    def due_in_ms(self, policy: GroupType, now_ms: int) -> int:
        """When `due` is to be asked again; NEVER: nobody's clock runs."""
        while self._waves and not self._waves[0].users:
            self._waves.popleft()
        return self._wait_ms(self._waves[0], policy, now_ms) if self._waves else NEVER

    def _wait_ms(self, wave: _Wave, policy: GroupType, now_ms: int) -> int:
        """In how many milliseconds the wave is due; NEVER: only messages make it so."""
        most = policy.leave_after_messages
        if most and wave.sure and self._passed - wave.first + 1 >= most:
            return 0
        after_ms = policy.leave_after_s * 1000
        if (policy.one_room and not after_ms) or (not wave.sure and (most or after_ms)):
            after_ms = max(after_ms, UNSURE_MS)
        return max(0, wave.begun_ms + after_ms - now_ms) if after_ms else NEVER
