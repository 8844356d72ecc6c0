"""The text of the performance page; report.py fills in what was measured."""

from __future__ import annotations

PAGE = """# Performance

`rcim-bench report` makes this page from the JSON of `rcim-bench all`, which is in [performance/](performance/). No figure
on it is typed by hand. The figures are from one machine and one sitting: {machine}; commit {commits}. On another machine
run the benches again, and compare ratios. [Measuring](measuring.md) explains how the figures are taken.

## The figures

{figures}

{correct}

{missed}

## What a delivery costs

A delivery is a write to a socket, and most of its cost is the kernel's: the write itself, the path through TCP, waking
the receiver. So the question is what the server adds to a bare `send` on the same sockets, with the same bytes, at
the same moments (`rcim-bench limits`; with TLS: a bare non-blocking `SSLSocket`). `k` is the number of messages in one
write. The µs are for one message.

{limits}

The same beside a raw writer that goes through the loop's transports and memory buffers, as the server does
(`--raw loop`): what is left is the server's own work on a message.

{loop}

A ratio above 1.25 plain or 1.5 with TLS is in bold. With four messages in a write, the work on the message itself
(parsing, checking, SEQ, commit; see the stages below) counts four times as much as with one.

## What k does

{k}

![CPU of a delivery by messages in one write](performance/k.svg)

A write of four messages costs hardly more than a write of one. That is why the server visits a large room in rounds, with
a slice of time from one to the next, and gives each member in one write all messages that have come
(`rcim/flow/slices.py`). A single message in a quiet room goes out at once. Nobody waits longer than the slice. When 16
messages wait, the next round begins at once.

## Where the time goes

`rcim-bench stages` puts a clock around each stage of a message's path in a running server. `rest` is the loop itself, the
kernel's part of receiving, and timers.

{stages}

![CPU by stage](performance/stages.svg)

The [decisions](../adr/README.md) say what was tried and what it gained: TLS over memory buffers (0004), rounds
instead of passes (0008), gateways (0009).

## Group commit

A disk completes a limited number of syncs a second, whatever is in a commit. The next commit gathers while one is under
way, so an idle server commits at once and a busy one commits hundreds of sends together (`rcim-bench commit`).

{commit}

![Durable sends a second](performance/commit.svg)

## Beside other servers

The same fan-out to the same 1,000 receivers on each server in turn, on one core (`rcim-bench peers`, [how
to](../how-to/compare-with-other-servers.md)). Paced is 40 messages a second; fast is 16 messages under way. The last
column says which servers are comparable: rcim has the message fsynced before it answers.

{peers}

![Deliveries a second](performance/peers.svg)

rcim's p50 at 40 messages a second comes from the slice of a room of 1,000: the server gathers two messages for each
write, which halves the cost.

## Back ends over HTTP

`rcim-bench http` sends to one group as an administrator, with a send under way on each connection: over frames, then over
HTTP with Tencent's `send_group_msg`, in turns. The answer comes after the fsync in both. Then more callers than may wait
send with the ordinary limit (LI-02), and a request that is no send is timed beside them.

{http}

What HTTP adds is the framing of each request (headers, and a task of its own), the signature, and the JSON. A back end
that sends more than this has a connection over frames.

## More than one core

{gateways}

Server and generator share the two processors here, so a gateway gains only what the generator leaves. Each gateway
visits fewer sockets in a round, so its rounds are more frequent: messages wait less, at the cost of more writes.

## Groups in number and in size

`rcim-bench groups` shows three things. Start-up and memory depend on the groups in use, not on those in the store. The
time of a request to one group does not depend on the number of other groups or of members. Joins of a large room are told
together, so the number of notices grows with the members and not with their square.

{groups}
"""
