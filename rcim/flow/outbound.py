"""What a slow receiver is left out of, and when it is given up (RX-07). One of these per connection.

What is dropped, in this order, by how many bytes the connection has not taken yet:

| unsent bytes           | messages                                           | replies                          |
|------------------------|----------------------------------------------------|----------------------------------|
| up to the soft bound   | all go out                                         | go out                           |
| above the soft bound   | Low and Lowest are left out; requests are not read | go out: bounded by those in flight |
| above the hard bound   | all are left out                                   | go out                           |
| soft for `out_slow_ms` | what is not sealed yet is thrown away, and the     | are thrown away with it          |
|                        | connection is closed with TOO_SLOW                 |                                  |

Once the queue is below half the soft bound again, the client is told for each conversation from which SEQ on
something was left out (RESYNC). Until then nothing of that conversation goes out: after a gap, order would be all
that is left of it, and the client pulls the range anyway.
"""

from __future__ import annotations

from rcim.base.limits import Limits
from rcim.base.terms import Priority


class OutboundQueue:
    """Decides; it holds no bytes itself. `left_out` maps a conversation to its first and newest SEQ left out."""

    __slots__ = ("_limits", "dropped", "left_out", "resyncs", "slow_since_ms")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.slow_since_ms = 0
        """Steady time since when the queue has been above the soft bound; 0 if it is not."""
        self.left_out: dict[str, tuple[int, int]] = {}
        self.dropped = 0
        """Messages left out so far."""
        self.resyncs = 0
        """How many times the client was told of a conversation that something of it was left out."""

    def may_deliver(
        self, queued_bytes: int, now_ms: int, conversation: str, first_seq: int, last_seq: int, priority: Priority
    ) -> bool:
        """Whether messages `first_seq` to `last_seq`, the highest of which has `priority`, go out now.

        Only called for a connection that is slow, or owes a RESYNC: the way of a quick one doesn't come here.
        """
        soft = self._limits.out_soft_bytes
        if queued_bytes > soft and not self.slow_since_ms:
            self.slow_since_ms = now_ms
        behind = self.left_out.get(conversation)
        leave_out = (
            behind is not None
            or queued_bytes > self._limits.out_hard_bytes
            or (queued_bytes > soft and priority >= Priority.LOW)
        )
        if not leave_out:
            return True
        self.left_out[conversation] = (behind[0] if behind else first_seq, last_seq)
        self.dropped += last_seq - first_seq + 1
        return False

    @property
    def troubled(self) -> bool:
        """True while the connection needs `may_deliver` to be asked."""
        return self.slow_since_ms != 0 or bool(self.left_out)

    def too_slow(self, now_ms: int) -> bool:
        """True if it has been above the soft bound for too long: close it with TOO_SLOW."""
        return self.slow_since_ms != 0 and now_ms - self.slow_since_ms >= self._limits.out_slow_ms

    def drained(self, queued_bytes: int) -> list[tuple[str, int, int]]:
        """Call when the queue got shorter. Once it is short enough: (conversation, from SEQ, newest SEQ) of each
        RESYNC to send now; deliveries go on after them."""
        soft = self._limits.out_soft_bytes
        if queued_bytes <= soft:
            self.slow_since_ms = 0
        if queued_bytes > soft // 2 or not self.left_out:
            return []
        told = [(conversation, first, last) for conversation, (first, last) in self.left_out.items()]
        self.left_out.clear()
        self.resyncs += len(told)
        return told
