"""Scenarios with confluent-kafka, which is librdkafka 2.x."""

import sys

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaException,
    Producer,
    TopicPartition,
    libversion,
)
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic, OffsetSpec

from outcomes import RECORDS, TIME, outcome, run, shown, until

ADDRESS, SASL_ADDRESS, PREFIX = sys.argv[1:4]


def kind(error):
    """librdkafka's name of its or the broker's error."""
    if isinstance(error, KafkaException):
        return error.args[0].name()
    return type(error).__name__


def attempt(work):
    return outcome(work, kind)


def named(name):
    return f"{PREFIX}-{name}"


def admin(**more):
    return AdminClient({"bootstrap.servers": ADDRESS, **more})


def topic(name, partitions=1, config=None):
    client = admin()
    new = NewTopic(named(name), partitions, 1, config=config or {})
    client.create_topics([new])[named(name)].result()

    def there():
        found = client.list_topics(named(name), timeout=5).topics[named(name)]
        return found.error is None and len(found.partitions) == partitions

    until(there)
    return named(name)


def consumer(**settings):
    defaults = {
        "bootstrap.servers": ADDRESS,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "group.id": named("reader"),
    }
    return Consumer({**defaults, **{k.replace("_", "."): v for k, v in settings.items()}})


def read(name, count, **settings):
    client = consumer(**settings)
    client.assign([TopicPartition(name, 0, 0)])
    records = []

    def enough():
        record = client.poll(0.2)
        if record is not None:
            if record.error():
                raise KafkaException(record.error())
            records.append(record)
        return len(records) >= count

    until(enough)
    enough()
    client.close()
    return records


def exact(codec):
    name = topic(f"exact-{codec}")
    sent = {}
    producer = Producer({"bootstrap.servers": ADDRESS, "compression.type": codec, "linger.ms": 50})
    for i, (key, value, headers) in enumerate(RECORDS):
        producer.produce(
            name,
            value,
            key,
            0,
            on_delivery=lambda error, record, i=i: sent.update({i: str(error) if error else record.offset()}),
            timestamp=TIME + i,
            headers=headers,
        )
    producer.flush(20)
    return {
        "sent": [sent[i] for i in range(len(RECORDS))],
        "read": [
            {
                "offset": r.offset(),
                "time": list(r.timestamp()),
                "key": shown(r.key()),
                "value": shown(r.value()),
                "headers": [[k, shown(v)] for k, v in r.headers() or []],
            }
            for r in read(name, len(RECORDS))
        ],
    }


def fill(name, count, partition=0):
    producer = Producer({"bootstrap.servers": ADDRESS})
    for i in range(count):
        producer.produce(name, b"v%d" % i, b"k%d" % i, partition)
    producer.flush(20)


def group(protocol):
    name, members, seen = topic(f"group-{protocol}", 4), [], []
    settings = {"group_id": named(f"group-{protocol}"), "group_protocol": protocol}
    if protocol == "classic":
        settings["heartbeat_interval_ms"] = 300

    def assigned(*sizes):
        for member in members:
            record = member.poll(0.05)
            if record is not None and not record.error():
                seen.append((record.partition(), record.offset()))
        return [len(member.assignment()) for member in members] == list(sizes)

    def join():
        members.append(consumer(**settings))
        members[-1].subscribe([name])

    join()
    until(lambda: assigned(4))
    join()
    until(lambda: assigned(2, 2))
    for partition in range(4):
        fill(name, 10, partition)
    until(lambda: assigned(2, 2) and len(seen) >= 40)
    for member in members:
        member.commit(asynchronous=False)
    members.pop().close()
    until(lambda: assigned(4))
    committed = members[0].committed([TopicPartition(name, p) for p in range(4)], timeout=5)
    members[0].close()
    return {
        "seen": len(seen),
        "twice": len(seen) - len(set(seen)),
        "committed": [each.offset for each in committed],
    }


def transactions():
    name = topic("transactions")
    settings = {"bootstrap.servers": ADDRESS, "transactional.id": named("transactions")}
    producer = Producer(settings)
    producer.init_transactions()
    for end in ("commit", "abort", "commit"):
        producer.begin_transaction()
        producer.produce(name, end.encode(), partition=0)
        producer.flush(10)  # an abort drops what was not sent yet
        getattr(producer, f"{end}_transaction")()
    producer.begin_transaction()
    producer.produce(name, b"of the fenced one", partition=0)
    producer.flush(10)
    later = Producer(settings)
    later.init_transactions()
    fenced = attempt(producer.commit_transaction)
    return {
        "fenced": fenced,
        "committed": [[r.offset(), r.value().decode()] for r in read(name, 2)],
        "all": [
            [r.offset(), r.value().decode()]
            for r in read(name, 4, isolation_level="read_uncommitted")
        ],
    }


def first(futures):
    return attempt(lambda: str(next(iter(futures.values())).result()))


def administration():
    client = admin()
    name = topic("administration", 2, {"retention.ms": "3600000"})
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    configs = client.describe_configs([resource])[resource].result()
    partition = TopicPartition(name, 0)
    fill(name, 5)
    kept = {p: s for p, s in (("earliest", OffsetSpec.earliest()), ("latest", OffsetSpec.latest()))}
    result = {
        "retention": [configs["retention.ms"].value, configs["retention.ms"].is_default],
        "again": first(client.create_topics([NewTopic(name, 2, 1)])),
        "bad name": first(client.create_topics([NewTopic("a/b", 1, 1)])),
        "more": first(client.create_partitions([NewPartitions(name, 3)])),
        "fewer": first(client.create_partitions([NewPartitions(name, 1)])),
        "shortened": client.delete_records([TopicPartition(name, 0, 2)])[partition]
        .result()
        .low_watermark,
        **{
            word: client.list_offsets({partition: spec})[partition].result().offset
            for word, spec in kept.items()
        },
        "deleted": first(client.delete_topics([name])),
        "deleted again": first(client.delete_topics([name])),
        "unknown group": first(client.delete_consumer_groups([named("no-such-group")])),
    }
    group_id = named("set")
    other = topic("set")
    wanted = ConsumerGroupTopicPartitions(group_id, [TopicPartition(other, 0, 7)])
    client.alter_consumer_group_offsets([wanted])[group_id].result()
    asked = ConsumerGroupTopicPartitions(group_id)
    found = client.list_consumer_group_offsets([asked])[group_id].result()
    result["set offsets"] = [[p.partition, p.offset] for p in found.topic_partitions]
    described = client.describe_consumer_groups([group_id])[group_id].result()
    result["its state"] = described.state.name
    return result


def refused():
    small = topic("small", 1, {"max.message.bytes": "1000"})

    def send(name, size, partition=0):
        answers = []
        producer = Producer({"bootstrap.servers": ADDRESS, "message.timeout.ms": 3000})
        failed = attempt(
            lambda: producer.produce(
                name, b"x" * size, partition=partition, on_delivery=lambda e, m: answers.append(e)
            )
        )
        producer.flush(10)
        return failed or [error and error.name() for error in answers]

    return {
        "too large": send(small, 2000),
        "unknown partition": send(small, 1, 7),
        "invalid name": send("a/b", 1),
    }


def sasl():
    def login(mechanism, password):
        client = admin(
            **{
                "bootstrap.servers": SASL_ADDRESS,
                "security.protocol": "SASL_PLAINTEXT",
                "sasl.mechanism": mechanism,
                "sasl.username": "alice",
                "sasl.password": password,
                "log_level": 0,
            }
        )
        return len(client.list_topics(timeout=3).brokers)

    return {
        f"{mechanism} {password}": attempt(lambda: login(mechanism, password))
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
        for password in ("alice-secret", "wrong")
    }


run(
    {
        **{
            f"exact-{codec}": lambda codec=codec: exact(codec)
            for codec in ("none", "gzip", "snappy", "lz4", "zstd")
        },
        "group-classic": lambda: group("classic"),
        "group-consumer": lambda: group("consumer"),
        "transactions": transactions,
        "administration": administration,
        "refused": refused,
        "sasl": sasl,
        "version": lambda: libversion()[0],
    },
    kind,
)
