"""Events in Kafka, by the library aiokafka.

1. A record's key is the event's key: all of one conversation are in one partition, in their order. It is taken when all
   in-sync replicas have it (acks=all). Its header `id` is the id of the event, `type` its type.
2. The producer is idempotent: it repeats what was not confirmed by itself, and the broker takes each once. It never gives
   up, so a record that was not confirmed in time stays with it. When the consumer brings the same event again, this waits
   for the same record and writes no other. Up to WAITING_MAX records wait so.
3. A producer that can't go on, because the broker knows it no more, is replaced. What was not confirmed then may be in
   the topic twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from aiokafka.partitioner import DefaultPartitioner

from rcim.outbox.streams.publisher import NotTaken, Record, StreamSpec, reason_of
from rcim.outbox.streams.tls import trust

RETRY_S = 1.0
"""From one try to connect that has failed to the next."""
STOP_S = 2.0
WAITING_MAX = 10_000
"""Of each key one batch waits."""
BATCH_BYTES_MAX = 200_000
RECORD_BYTES_MAX = 1_000_000
"""What brokers take by default, with room for its headers."""
FAULTS = (KafkaError, OSError, TimeoutError)
QUIET = logging.getLogger("aiokafka")
"""What the library logs while brokers are away, many times a second. What fails is said where it matters: when something
is to be written."""
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class KafkaPublisher:
    """A Publisher; see the module's text."""

    def __init__(self, spec: StreamSpec) -> None:
        self._spec = spec
        self._producer: Any = None
        self._starting = asyncio.Lock()
        self._failed_s = float("-inf")
        self._why = ""
        QUIET.setLevel(logging.CRITICAL)
        self._partitioner = DefaultPartitioner()
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        """By event id: what was handed to the producer, and is not confirmed."""

    async def publish(self, records: Sequence[Record]) -> int:
        """Write as many as fit into one batch; see Publisher."""
        first = records[0]
        sent = self._waiting.get(first.id)
        if sent is None:
            sent = await self._send(records)
        await asyncio.wait([sent], timeout=self._spec.timeout_s)
        if not sent.done():
            raise NotTaken("the brokers have not confirmed it")
        taken = [record.id for record in takewhile(lambda record: self._waiting.get(record.id) is sent, records)]
        for id_ in taken:
            del self._waiting[id_]
        if sent.cancelled() or not taken:
            raise NotTaken("the connection was ended")
        if (error := sent.exception()) is not None:
            alone = len(taken) == 1 and isinstance(error, TOO_LARGE)
            if not alone:
                await self._replace()
            raise NotTaken(reason_of(error), for_good=alone)
        return len(taken)

    async def close(self) -> None:
        """Give back the connection."""
        await self._replace()

    async def _send(self, records: Sequence[Record]) -> asyncio.Future[Any]:
        """Hand a batch to the producer: it is taken as a whole, in its order, or not at all. Raises NotTaken."""
        if len(self._waiting) >= WAITING_MAX:  # some may be done, of events that never came again
            self._waiting = {id_: sent for id_, sent in self._waiting.items() if not sent.done()}
        if len(self._waiting) >= WAITING_MAX:
            raise NotTaken(f"{WAITING_MAX} records wait for the brokers")
        if len(records[0].value) > RECORD_BYTES_MAX:
            raise NotTaken(f"{len(records[0].value)} bytes are more than brokers take", for_good=True)
        producer = await self._started()
        batch = producer.create_batch()
        key = records[0].key.encode()
        within = list(takewhile(lambda record: _added(batch, key, record), records))
        try:
            async with asyncio.timeout(self._spec.timeout_s):
                there = sorted(await producer.partitions_for(self._spec.topic))
                place = self._partitioner(key, there, there)
                sent: asyncio.Future[Any] = await producer.send_batch(batch, self._spec.topic, partition=place)
        except FAULTS as error:
            raise NotTaken(f"the brokers have not answered: {reason_of(error)}") from None
        sent.add_done_callback(_seen)
        self._waiting |= dict.fromkeys((record.id for record in within), sent)
        return sent

    async def _started(self) -> Any:
        """The producer, started if there is none. Raises NotTaken."""
        now_s = asyncio.get_running_loop().time
        async with self._starting:
            if self._producer is not None:
                return self._producer
            if now_s() < self._failed_s + RETRY_S:
                raise NotTaken(self._why)
            producer = self._made()
            try:
                async with asyncio.timeout(self._spec.timeout_s):
                    await producer.start()
            except BaseException as error:
                await _stopped(producer)
                if not isinstance(error, FAULTS):
                    raise
                self._failed_s = now_s()
                self._why = f"no connection to {', '.join(self._spec.servers)}: {reason_of(error)}"
                raise NotTaken(self._why) from None
            self._producer = producer
            return producer

    def _made(self) -> Any:
        spec = self._spec
        more: dict[str, Any] = {}
        if spec.user:
            more |= {"sasl_mechanism": spec.mechanism, "sasl_plain_username": spec.user}
            more |= {"sasl_plain_password": spec.password}
        if spec.tls or spec.ca:
            more["ssl_context"] = trust(spec.ca)
        protocol = ("SASL_" if spec.user else "") + ("SSL" if spec.tls or spec.ca else "PLAINTEXT")
        return AIOKafkaProducer(
            bootstrap_servers=list(spec.servers),
            client_id="rcim",
            acks="all",
            enable_idempotence=True,
            max_request_size=RECORD_BYTES_MAX + 10_000,
            max_batch_size=RECORD_BYTES_MAX + 10_000,
            request_timeout_ms=max(1000, round(spec.timeout_s * 1000)),
            security_protocol=protocol,
            **more,
        )

    async def _replace(self) -> None:
        """End the producer; another one is made with the next record. What waits was not confirmed."""
        producer, self._producer = self._producer, None
        waiting, self._waiting = self._waiting, {}
        for sent in waiting.values():
            sent.cancel()
        if producer is not None:
            await _stopped(producer)


def _added(batch: Any, key: bytes, record: Record) -> bool:
    """False: it does not fit into the batch any more; the first one always does."""
    if batch.size() + len(record.value) > BATCH_BYTES_MAX and batch.record_count():
        return False
    headers = [("id", record.id.encode()), ("type", record.type.encode())]
    return batch.append(key=key, value=record.value, timestamp=None, headers=headers) is not None


def _seen(sent: asyncio.Future[Any]) -> None:
    """Take note of an error, so that the loop does not log one that nobody waits for any more."""
    if not sent.cancelled():
        sent.exception()


async def _stopped(producer: Any) -> None:
    """End a producer. By itself it would wait for the brokers for ever: its sender is ended first, if need be."""
    stopping = asyncio.create_task(producer.stop())
    done, _ = await asyncio.wait([stopping], timeout=STOP_S)
    if not done:
        await producer._sender.close()  # no public way to give up
        await asyncio.wait([stopping], timeout=STOP_S)
