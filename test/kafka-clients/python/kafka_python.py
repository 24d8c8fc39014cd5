"""Scenarios with kafka-python, a client that shares no code with the others."""

import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewPartitions, NewTopic
from kafka.structs import OffsetAndMetadata

from outcomes import RECORDS, TIME, outcome, run, shown, until

ADDRESS, SASL_ADDRESS, PREFIX = sys.argv[1:4]


def named(name):
    return f"{PREFIX}-{name}"


def topic(name, partitions=1):
    admin = KafkaAdminClient(bootstrap_servers=ADDRESS)
    admin.create_topics([NewTopic(named(name), partitions, 1)])
    until(lambda: len(admin.describe_topics([named(name)])[0]["partitions"]) == partitions)
    admin.close()
    return named(name)


def consumer(*topics, **settings):
    return KafkaConsumer(
        *topics,
        bootstrap_servers=ADDRESS,
        auto_offset_reset="earliest",
        **{"enable_auto_commit": False, **settings},
    )


def read(name, count, **settings):
    """Reads partition 0 from its start."""
    client = consumer(**settings)
    client.assign([TopicPartition(name, 0)])
    records = []

    def enough():
        for batch in client.poll(timeout_ms=100).values():
            records.extend(batch)
        return len(records) >= count

    until(enough)
    enough()
    client.close()
    return records


def exact(codec):
    # This client sends no header without a value.
    records = [(k, v, [h for h in headers if h[1] is not None]) for k, v, headers in RECORDS]
    name = topic(f"exact-{codec}")
    producer = KafkaProducer(
        bootstrap_servers=ADDRESS,
        compression_type=None if codec == "none" else codec,
        linger_ms=50,
        acks="all",
    )
    futures = [
        producer.send(name, key=key, value=value, headers=headers, timestamp_ms=TIME + i, partition=0)
        for i, (key, value, headers) in enumerate(records)
    ]
    sent = [[f.get(10).offset, f.get(10).timestamp] for f in futures]
    producer.close()
    return {
        "sent": sent,
        "read": [
            {
                "offset": r.offset,
                "timestamp": r.timestamp,
                "type": r.timestamp_type,
                "key": shown(r.key),
                "value": shown(r.value),
                "headers": [[k, shown(v)] for k, v in r.headers],
            }
            for r in read(name, len(RECORDS))
        ],
    }


def fill(name, count, partition=0):
    producer = KafkaProducer(bootstrap_servers=ADDRESS)
    for i in range(count):
        producer.send(name, key=b"k%d" % i, value=b"v%d" % i, partition=partition)
    producer.close()


def group():
    name, members, seen = topic("group", 4), [], []
    settings = {"group_id": named("group"), "heartbeat_interval_ms": 300}

    def assigned(*sizes):
        for member in members:
            for batch in member.poll(timeout_ms=50).values():
                seen.extend((r.partition, r.offset) for r in batch)
        return [len(member.assignment()) for member in members] == list(sizes)

    members.append(consumer(name, **settings))
    until(lambda: assigned(4))
    members.append(consumer(name, **settings))
    until(lambda: assigned(2, 2))
    for partition in range(4):
        fill(name, 10, partition)
    until(lambda: assigned(2, 2) and len(seen) >= 40)
    for member in members:
        member.commit()
    members.pop().close()
    until(lambda: assigned(4))
    committed = [members[0].committed(TopicPartition(name, p)) for p in range(4)]
    members[0].close()
    return {"seen": len(seen), "twice": len(seen) - len(set(seen)), "committed": committed}


def offsets():
    name = topic("offsets")
    producer = KafkaProducer(bootstrap_servers=ADDRESS)
    for time in (1000, 2000, 3000):
        producer.send(name, value=b"v", timestamp_ms=time, partition=0).get(10)
    producer.close()
    partition = TopicPartition(name, 0)
    client = consumer(group_id=named("offsets"))
    client.assign([partition])
    client.commit({partition: OffsetAndMetadata(2, "note", -1)})
    result = {
        "begin": list(client.beginning_offsets([partition]).values()),
        "end": list(client.end_offsets([partition]).values()),
        "times": [
            (lambda found: found and [found.offset, found.timestamp])(
                client.offsets_for_times({partition: time})[partition]
            )
            for time in (0, 1500, 3001)
        ],
        "committed": client.committed(partition),
        "metadata": client.committed(partition, metadata=True).metadata,
    }
    client.close()
    return result


def administration():
    admin = KafkaAdminClient(bootstrap_servers=ADDRESS)
    name = topic("administration", 2)

    def attempt(work):
        return outcome(lambda: work() and "done")

    described = admin.describe_topics([name])[0]
    result = {
        "listed": name in admin.list_topics(),
        "partitions": len(described["partitions"]),
        "again": attempt(lambda: admin.create_topics([NewTopic(name, 2, 1)])),
        "bad name": attempt(lambda: admin.create_topics([NewTopic("a/b", 1, 1)])),
        "more": attempt(lambda: admin.create_partitions({name: NewPartitions(3)})),
    }
    until(lambda: len(admin.describe_topics([name])[0]["partitions"]) == 3)
    result["deleted"] = attempt(lambda: admin.delete_topics([name]))
    result["deleted again"] = attempt(lambda: admin.delete_topics([name]))
    admin.close()
    return result


def transactions():
    name = topic("transactions")
    producer = KafkaProducer(bootstrap_servers=ADDRESS, transactional_id=named("transactions"))
    producer.init_transactions()
    for end in (producer.commit_transaction, producer.abort_transaction, producer.commit_transaction):
        producer.begin_transaction()
        producer.send(name, value=end.__name__.encode(), partition=0)
        producer.flush()  # an abort drops what was not sent yet
        end()
    producer.close()
    return {
        level: [[r.offset, r.value.decode()] for r in read(name, count, isolation_level=level)]
        for level, count in (("read_committed", 2), ("read_uncommitted", 3))
    }


def sasl():
    def login(mechanism, password):
        admin = KafkaAdminClient(
            bootstrap_servers=SASL_ADDRESS,
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism=mechanism,
            sasl_plain_username="alice",
            sasl_plain_password=password,
            bootstrap_timeout_ms=3000,
        )
        admin.list_topics()
        admin.close()
        return "in"

    return {
        f"{mechanism} {password}": outcome(lambda: login(mechanism, password))
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
        for password in ("alice-secret", "wrong")
    }


run(
    {
        **{
            f"exact-{codec}": lambda codec=codec: exact(codec)
            for codec in ("none", "gzip", "snappy", "lz4", "zstd")
        },
        "group": group,
        "offsets": offsets,
        "administration": administration,
        "transactions": transactions,
        "sasl": sasl,
    }
)
