"""A real Kafka broker for tests: one node with KRaft, started from its jars, killed and started again.

It runs where `java` is there and RCIM_KAFKA_LIBS names a folder with the jars of the server. To get them, put

    <project xmlns="http://maven.apache.org/POM/4.0.0">
      <modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>
      <dependencies>
        <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>3.9.1</version></dependency>
      </dependencies>
    </project>

into pom.xml, and run `mvn dependency:copy-dependencies -DoutputDirectory=libs` there.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.kit import PATIENCE_S
from tests.kit_broker import Broker, free_port

LIBS = os.environ.get("RCIM_KAFKA_LIBS", "")
TOPIC = "rcim"
PARTITIONS = 3
USER, PASSWORD = "rcim", "right-one"


class Kept(NamedTuple):
    """A record of the topic."""

    partition: int
    key: str
    headers: dict[str, str]
    body: Any


class Kafka(Broker):
    """A broker that nobody needs to log in to, and a second listener where the user `rcim` has to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.server, self.guarded, controller = (f"127.0.0.1:{free_port()}" for _ in range(3))
        folder.mkdir(parents=True, exist_ok=True)
        self._config = folder / "server.properties"
        login = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{self.server},SASL_PLAINTEXT://{self.guarded},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.server},SASL_PLAINTEXT://{self.guarded}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.sasl_plaintext.plain.sasl.jaas.config": login,
            "log.dirs": str(folder / "logs"),
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "auto.create.topics.enable": "false",
        }
        self._config.write_text("".join(f"{key}={value}\n" for key, value in lines.items()), encoding="utf-8")
        self._run("kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", str(self._config)).wait(
            60
        )

    def _run(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = ["java", "-Xmx384m", "-cp", f"{LIBS}/*", *arguments]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    async def start(self) -> None:
        self._process = self._run("kafka.Kafka", str(self._config))
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            admin = AIOKafkaAdminClient(bootstrap_servers=self.server)
            try:
                await admin.start()
                await admin.list_topics()
                return
            except Exception:
                await asyncio.sleep(0.1)
            finally:
                await admin.close()
        raise AssertionError("the broker did not start")

    async def make_topic(self, name: str = TOPIC) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.server)
        await admin.start()
        await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
        await admin.close()

    async def kept(self, name: str = TOPIC) -> list[Kept]:
        """All records of the topic, partition by partition in their order."""
        partitions = [TopicPartition(name, number) for number in range(PARTITIONS)]
        reader = AIOKafkaConsumer(bootstrap_servers=self.server, enable_auto_commit=False, group_id=None)
        await reader.start()
        reader.assign(partitions)
        ends = await reader.end_offsets(partitions)
        await reader.seek_to_beginning(*partitions)
        found: list[Kept] = []
        for place in partitions:
            while await reader.position(place) < ends[place]:
                for one in (await reader.getmany(place, timeout_ms=500)).get(place, []):
                    headers = {name: data.decode() for name, data in one.headers}
                    found.append(Kept(one.partition, one.key.decode(), headers, json.loads(one.value)))
        await reader.stop()
        return found
