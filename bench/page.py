"""The text of the performance page; report.py fills in what was measured."""

from __future__ import annotations

PAGE = """# Performance

Made by `rcim-bench report` from the JSON of `rcim-bench all`, which is in [performance/](performance/). Nothing on
this page is typed in. Figures are of one machine and one sitting: {machine}; commit {commits}. On another machine run
it again, and compare ratios. How it is measured: [measuring](measuring.md).

## The figures

{figures}

{correct}

{missed}

## What a delivery costs

A delivery is a write to a socket, and the kernel is most of its cost: the write itself, the way through TCP, waking
who waits for it. So the question is what the server adds to a bare `send` on the same sockets with the same bytes at
the same moments (`rcim-bench limits`; TLS: a bare non-blocking `SSLSocket`). `k` is the number of messages in one
write; µs are for one message.

{limits}

The same beside a raw writer that goes through the loop's transports and memory buffers, as the server does
(`--raw loop`): what is left is the server's own work on a message.

{loop}

A ratio above 1.25 plain or 1.5 with TLS is set in bold. With four messages in a write the work on a message itself
(parsing, checking, SEQ, commit; see the stages below) weighs four times as much as with one.

## What k does

{k}

![CPU of a delivery by messages in one write](performance/k.svg)

A write of four messages costs hardly more than a write of one. That is why a large room is visited in rounds, with a
slice of time from one to the next, and each member gets in one write all that has come (`rcim/flow/slices.py`). A
message alone, after quiet, goes out at once; nobody waits longer than the slice; and nothing waits once 16 messages
do.

## Where the time goes

A clock around each stage of a message's way in a running server (`rcim-bench stages`); `rest` is the loop itself, the
kernel's part of receiving, and timers.

{stages}

![CPU by stage](performance/stages.svg)

What was tried and what it gave is in the [decisions](../adr/README.md): TLS over memory buffers (0004), rounds
instead of passes (0008), gateways (0009).

## Group commit

One connection to a disk syncs so many times a second, whatever is in a commit. While one commit is under way the next
gathers: an idle server commits at once, a busy one hundreds of sends together (`rcim-bench commit`).

{commit}

![Durable sends a second](performance/commit.svg)

## Beside other servers

The same fan-out, one core each in turn, the same receivers (`rcim-bench peers`, [how
to](../how-to/compare-with-other-servers.md)): 1,000 receivers; paced is 40 messages a second, fast is 16 messages
under way. The last column says what is like: rcim has the message fsynced before it answers.

{peers}

![Deliveries a second](performance/peers.svg)

rcim's p50 at 40 messages a second is the slice of a room of 1,000: it gathers two messages for each write, which
halves the cost.

## More than one core

{gateways}

Server and generator share the two processors here, so a gateway's gain is what the generator leaves. Each gateway
goes round among fewer sockets, and so more often: less waiting, for more writes.

## Groups in number and in size

`rcim-bench groups`: start-up and memory follow the groups that are used, not those that are stored; what is asked of one
group does not depend on how many others there are, or on how many are in it; and joins of a large room are told
together, so that their notices grow with its members and not with their square.

{groups}
"""
