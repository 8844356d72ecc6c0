"""Frequency control of one group (FC-01 to FC-08): what goes at once, what waits, what is held back. Pure: time and
chance are arguments. Why it is so, and why it does what section 6 asks for: docs/adr/0012-frequency-control.md.

With L messages a second as the total limit of the group (FC-02):

1. Below the limit a message goes at once (FC-06): if of those that passed, counted with it, at most k x L fall into the
   last k seconds, for k = 1 to 5.
2. High, and what the app protects (FC-07), may overdraw: at most 2 x L in the last second, and 5 x L in the last 5.
3. What finds no room waits, for a second at the most: its period (FC-03). When there is room again, the highest priority
   goes first, and within one the order is random. While a message waits, nothing below it passes.
4. What has waited for its second, or is drawn last of more than could ever go, is held back (FC-05), and nothing below it
   passes until its second is over. So what is held back lost its place to its equals or betters, never to something lower
   that came early.
5. Normal, Low and Lowest have a limit of their own besides (FC-04), which app administrators, owners, admins are free of.
6. When more waits than a slice can give, places are given out once a slice, to each slice its share of the second; a
   High that waits does not wait for the slice's end, and what would be held back now does not ask for the share.
7. Of one sender and priority, what was sent first goes first (WI-06).
8. What else goes to everyone in the group (an edit, a recall, a change of the profile) counts like a message of its
   priority (FC-02). It never waits: `take` says whether there is room, `count` takes the place of what is not held back.
   Strong notices (GT-15) take room as long as they leave half of it to others (`passes_far_below`); then they are joined
   and offered before all messages, and are `patient`: never held back.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from rcim.base.terms import Priority
from rcim.flow.offers import RANKS, Figures, FlowLimits, Offer, OfferVerdict, Rank, Rule

PERIOD_MS = 1000
"""FC-03: how long a message waits at the most, but for the slice."""
PERIODS = 5
"""FC-02: the average is over so many of them."""
NEVER = -(1 << 62)


class _Passed:
    """When the last `size` messages passed."""

    __slots__ = ("_at", "_size", "_times")

    def __init__(self, size: int, times: Sequence[int] = ()) -> None:
        self._size = size
        self._times = list(times[-size:]) if size else []
        self._at = 0
        """Where the oldest is overwritten, once there are `size`."""

    def add(self, now_ms: int) -> None:
        if len(self._times) < self._size:
            self._times.append(now_ms)
        elif self._size:
            self._times[self._at] = now_ms
            self._at = (self._at + 1) % self._size

    def back(self, count: int) -> int:
        """When the message passed that `count` - 1 others have followed; NEVER if there is none."""
        there = len(self._times)
        return self._times[(self._at - count) % there] if count <= there else NEVER

    def all(self) -> list[int]:
        """All of them, oldest first."""
        return self._times[self._at :] + self._times[: self._at]


class FrequencyControl:
    """See the module's text. Times are milliseconds of any clock; if it is set back, time goes on from where it was."""

    __slots__ = (
        "_barred_ms",
        "_classes",
        "_last_ms",
        "_limits",
        "_number",
        "_passed",
        "_share",
        "_skew_ms",
        "_slice_ms",
        "_waiting",
        "figures",
        "waiting",
    )

    def __init__(self, limits: FlowLimits, figures: Sequence[Figures] = ()) -> None:
        self.figures = figures
        self._waiting: list[list[Offer]] = [[] for _ in Rank]
        """By rank, in the order of their lots."""
        self.waiting = 0
        """How many messages wait."""
        self._number = 0
        self._last_ms = NEVER
        self._skew_ms = 0
        self._slice_ms = NEVER
        """When the slice began."""
        self._share = 0
        """How many places it has left."""
        self._barred_ms = [NEVER] * len(Rank)
        """By rank: until when nothing of it passes, since something higher was held back early."""
        self._passed = _Passed(0)
        self._classes = [_Passed(0) for _ in Rank]
        self._limits = FlowLimits(0, 0, 0, 0)
        self.limits = limits

    @property
    def limits(self) -> FlowLimits:
        """What is in force. They can be changed at any time; what has passed counts for the new ones too."""
        return self._limits

    @limits.setter
    def limits(self, limits: FlowLimits) -> None:
        self._limits = limits
        self._passed = _Passed(PERIODS * limits.per_s, self._passed.all())
        self._classes = [_Passed(limits.of_rank(rank), self._classes[rank].all()) for rank in Rank]

    def passes(self, priority: Priority, protected: bool, exempt: bool, now_ms: int) -> bool:
        """True: a message passes, as if it had been offered, because nobody waits and there is room. False: nothing has
        happened, and it is to be offered. This is the way of nearly all messages."""
        if self.waiting:
            return False
        now = now_ms + self._skew_ms
        if now < self._last_ms:
            now = self._now(now_ms)
        else:
            self._last_ms = now
        rank = Rank.PROTECTED if protected else RANKS[priority]
        if self._limits.per_s and self._total_room_ms(rank) > now:
            return False
        if not exempt and rank > Rank.HIGH and self._priority_room_ms(rank) > now:
            return False
        self._number += 1
        self._passed.add(now)
        if not exempt and rank > Rank.HIGH:
            self._classes[rank].add(now)
        for figures in self.figures:
            figures.offered[priority] += 1
            figures.passed[priority] += 1
        return True

    def offer(self, offer: Offer, now_ms: int) -> tuple[OfferVerdict, Offer | None]:
        """A message comes. PASS: it goes now. WAIT: `release` says later what became of it. HELD: it is held back. With
        WAIT also the offer that is held back for it, if there is one."""
        now = self._now(now_ms)
        self._number += 1
        offer.number, offer.offered_ms = self._number, now
        for figures in self.figures:
            figures.offered[offer.priority] += 1
        free = not self.waiting or not self._in_the_way(offer.rank, now)
        if free and self._room_ms(offer) <= now:
            if self.waiting:
                for passed_over in (one for pool in self._waiting[: offer.rank + 1] for one in pool):
                    passed_over.rule = Rule.PRIORITY
            self._pass(offer, now)
            return OfferVerdict.PASS, None
        self.waiting += 1
        pool = self._waiting[offer.rank]
        insort(pool, offer)
        if len(pool) <= (self._limits.per_s or self._limits.of_rank(offer.rank) or len(pool)):
            return OfferVerdict.WAIT, None
        last = pool.pop()
        self._hold(last, now)
        if last.rule is Rule.TOTAL:
            for lower in range(last.rank + 1, len(Rank)):
                self._barred_ms[lower] = max(self._barred_ms[lower], last.offered_ms + PERIOD_MS)
        return (OfferVerdict.HELD, None) if last is offer else (OfferVerdict.WAIT, last)

    def take(self, priority: Priority, exempt: bool, now_ms: int) -> int:
        """Something that can't wait wants to pass, and is no message. 0: it has passed, and counts like a message of this
        priority. Else nothing of it counts, and there may be room in so many milliseconds."""
        now = self._now(now_ms)
        rank = RANKS[priority]
        room = self._total_room_ms(rank)
        if not exempt and rank > Rank.HIGH:
            room = max(room, self._priority_room_ms(rank))
        wait = room - now
        if self.waiting and self._in_the_way(rank, now):  # it does not overtake what waits
            wait = max(wait, self._limits.slice_ms)
        if wait <= 0:
            self.count(priority, exempt, now_ms)
            return 0
        rule = Rule.TOTAL if self._total_room_ms(rank) > now else Rule.PRIORITY
        for figures in self.figures:
            figures.offered[priority] += 1
            figures.held(rule)[priority] += 1
        return wait

    def passes_far_below(self, now_ms: int) -> bool:
        """A High that may wait wants to pass if the group is not near its limit. True: there was room for a Normal, and
        not half as much as the limit has passed within a second; it has passed. False: nothing has happened."""
        now = self._now(now_ms)
        half = max(1, self._limits.per_s // 2)
        far = not self._limits.per_s or self._passed.back(half) + PERIOD_MS <= now
        if not far or self._total_room_ms(Rank.NORMAL) > now or (self.waiting and self._in_the_way(Rank.NORMAL, now)):
            return False
        self.count(Priority.HIGH, True, now_ms)
        return True

    def count(self, priority: Priority, exempt: bool, now_ms: int) -> None:
        """Something has passed that is not held back, whether there was room or not: it counts like a message."""
        now = self._now(now_ms)
        rank = RANKS[priority]
        self._number += 1
        self._passed.add(now)
        if not exempt and rank > Rank.HIGH:
            self._classes[rank].add(now)
        for figures in self.figures:
            figures.offered[priority] += 1
            figures.passed[priority] += 1

    def release(self, now_ms: int) -> tuple[list[Offer], list[Offer]]:
        """Give out what room there is: (those that pass, in the order in which they came; those that are held back)."""
        if not self.waiting:
            return [], []
        now = self._now(now_ms)
        if not self._crowded:
            self._slice_ms, self._share = now, self.waiting + self._share_of_slice
        elif now - self._slice_ms >= self._limits.slice_ms:
            self._slice_ms, self._share = now, self._share_of_slice
        passed: list[Offer] = []
        for rank in Rank:
            if not self._give_out(rank, now, passed):
                break  # while something waits, nothing below it passes
        held: list[Offer] = []
        for pool in self._waiting:
            over = [offer for offer in pool if now - offer.offered_ms >= PERIOD_MS and not offer.patient]
            for offer in over:
                pool.remove(offer)
                self._hold(offer, now)
            held += over
        passed.sort(key=_by_number)
        return passed, held

    @property
    def _share_of_slice(self) -> int:
        return -(-self._limits.per_s * self._limits.slice_ms // PERIOD_MS)

    @property
    def _crowded(self) -> bool:
        """True if more waits than one slice can give: below that everyone goes when there is room, so that who sends just
        as much as the limit, and not quite evenly, does not wait for slices."""
        return self.waiting > self._share_of_slice

    def _give_out(self, rank: Rank, now: int, passed: list[Offer]) -> bool:
        """What room there is for those of `rank` that wait. False if there is not room enough."""
        pool = self._waiting[rank]
        enough = True
        at = 0
        while at < len(pool):
            offer = pool[at]
            if self._total_room_ms(rank) > now:
                return False
            if self._room_ms(offer) > now:
                offer.rule = Rule.PRIORITY
                at += 1  # its priority has no room, but what is free of that limit may be behind it
            elif rank > Rank.HIGH and self._share <= 0 and now - offer.offered_ms < PERIOD_MS and self._limits.per_s:
                enough = False
                at += 1  # it has still time, but one behind it may not
            else:
                self._share -= 1
                passed.append(self._take(pool, at))
                self._pass(passed[-1], now)
        return enough

    def offers(self) -> list[Offer]:
        """All that waits, in no order."""
        return [offer for pool in self._waiting for offer in pool]

    def due_in_ms(self, now_ms: int) -> int:
        """In how many milliseconds `release` is to be called; -1 if nothing waits."""
        if not self.waiting:
            return -1
        now = self._now(now_ms)
        cut = self._crowded or self._share <= 0
        slice_end = self._slice_ms + self._limits.slice_ms if cut else NEVER
        impatient = (offer.offered_ms for pool in self._waiting for offer in pool if not offer.patient)
        due = max(min(impatient, default=-NEVER) + PERIOD_MS, slice_end)
        for rank in Rank:
            if self._waiting[rank]:
                room = self._total_room_ms(rank)
                if not any(offer.exempt for offer in self._waiting[rank]):
                    room = max(room, self._priority_room_ms(rank))
                due = min(due, room if rank <= Rank.HIGH else max(room, slice_end))
        return max(0, due - now)

    def asks_in_ms(self, offer: Offer, now_ms: int) -> int:
        """In how many milliseconds `release` is to be called because of `offer`, which waits; -1: it is anyway.
        Who comes behind others of its priority waits for the same slice; only a High is not bound to it."""
        first = len(self._waiting[offer.rank]) == 1
        return self.due_in_ms(now_ms) if first or offer.rank <= Rank.HIGH else -1

    def clear(self) -> list[Offer]:
        """Nothing waits any more; returns what did. What passed goes on counting."""
        left = sorted((offer for pool in self._waiting for offer in pool), key=_by_number)
        for pool in self._waiting:
            pool.clear()
        self.waiting = 0
        return left

    # -- within

    def _now(self, now_ms: int) -> int:
        now = now_ms + self._skew_ms
        if now < self._last_ms:
            self._skew_ms += self._last_ms - now
            now = self._last_ms
        self._last_ms = now
        return now

    def _total_room_ms(self, rank: Rank) -> int:
        """From when on FC-02 lets one more of `rank` pass."""
        per_s, back = self._limits.per_s, self._passed.back
        if not per_s:
            return NEVER
        if rank <= Rank.HIGH:
            room = max(back(2 * per_s) + PERIOD_MS, back(PERIODS * per_s) + PERIODS * PERIOD_MS)
            return max(room, self._barred_ms[rank])
        room, count, span = self._barred_ms[rank], 0, 0
        for _ in range(PERIODS):
            count += per_s
            span += PERIOD_MS
            passed_ms = back(count)
            if passed_ms == NEVER:
                break
            if passed_ms + span > room:
                room = passed_ms + span
        return room

    def _priority_room_ms(self, rank: Rank) -> int:
        """From when on FC-04 does."""
        per_s = self._limits.of_rank(rank)
        return self._classes[rank].back(per_s) + PERIOD_MS if per_s else NEVER

    def _room_ms(self, offer: Offer) -> int:
        total = self._total_room_ms(offer.rank)
        return total if offer.exempt else max(total, self._priority_room_ms(offer.rank))

    def _in_the_way(self, rank: Rank, now: int) -> bool:
        """True if something of this rank or a higher one waits that is not kept back by the limit of its priority."""
        for higher, pool in enumerate(self._waiting[: rank + 1]):
            if pool and (self._priority_room_ms(Rank(higher)) <= now or any(offer.exempt for offer in pool)):
                return True
        return False

    def _take(self, pool: list[Offer], at: int) -> Offer:
        """Take out the offer at `at`; if one of the same sender came before it, that one takes its place (WI-06)."""
        drawn = pool[at]
        first = min((o for o in pool if o.sender == drawn.sender and o.exempt is drawn.exempt), key=_by_number)
        pool.remove(first)
        self.waiting -= 1
        if first is not drawn:
            pool.remove(drawn)
            drawn.lot = first.lot
            insort(pool, drawn)
        return first

    def _pass(self, offer: Offer, now: int) -> None:
        self._passed.add(now)
        if not offer.exempt:
            self._classes[offer.rank].add(now)
        for figures in self.figures:
            figures.passed[offer.priority] += 1

    def _hold(self, offer: Offer, now: int) -> None:
        self.waiting -= 1
        if self._total_room_ms(offer.rank) <= now and (
            self._room_ms(offer) > now or any(one.rule is Rule.PRIORITY for one in self._waiting[offer.rank])
        ):
            offer.rule = Rule.PRIORITY
        for figures in self.figures:
            figures.held(offer.rule)[offer.priority] += 1


def _by_number(offer: Offer) -> int:
    return offer.number
