import static java.util.stream.Collectors.groupingBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** Records come back as they were sent. */
final class Records {
  private static final long TIME = 1_700_000_000_000L;
  private final Kafka kafka;

  Records(Kafka kafka) {
    this.kafka = kafka;
  }

  void addTo(Map<String, Callable<Object>> scenarios) {
    for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      scenarios.put("exact-" + codec, () -> exact(codec));
    }
    scenarios.put("append-time", this::appendTime);
    scenarios.put("partitioning", this::partitioning);
    scenarios.put("idempotent-order", this::idempotentOrder);
    scenarios.put("small-fetches", this::smallFetches);
    scenarios.put("acks", this::acks);
  }

  private Object exact(String codec) throws Exception {
    String topic = kafka.topic("exact-" + codec, 1);
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    add(records, topic, "key", "value");
    add(records, topic, null, "no key");
    add(records, topic, "no value", null);
    add(records, topic, null, null);
    add(records, topic, "", "");
    add(records, topic, "ключ 🔑", "значение");
    add(records, topic, "long", "0123456789".repeat(10_000));
    add(
        records,
        topic,
        "headers",
        "value",
        new RecordHeader("a", Kafka.bytes("1")),
        new RecordHeader("a", Kafka.bytes("2")),
        new RecordHeader("", Kafka.bytes("empty name")),
        new RecordHeader("null", (byte[]) null),
        new RecordHeader("empty", new byte[0]),
        new RecordHeader("bytes", new byte[] {0, -1, 127, -128}));
    records.add(new ProducerRecord<>(topic, 0, TIME - 5_000, null, Kafka.bytes("an earlier time")));
    records.add(new ProducerRecord<>(topic, 0, 0L, null, new byte[] {0, -1, -2, 10, 13}));
    List<Object> sent = new ArrayList<>();
    try (var producer = kafka.producer("compression.type", codec, "linger.ms", 50)) {
      List<Future<RecordMetadata>> answers = new ArrayList<>();
      for (var record : records) answers.add(producer.send(record));
      for (var answer : answers) {
        RecordMetadata metadata = answer.get();
        sent.add(List.of(metadata.partition(), metadata.offset(), metadata.timestamp()));
      }
    }
    var read = kafka.read(topic, 1, records.size());
    return Outcome.map("sent", sent, "read", read.stream().map(Outcome::record).toList());
  }

  private static void add(
      List<ProducerRecord<byte[], byte[]>> records,
      String topic,
      String key,
      String value,
      Header... headers) {
    records.add(
        new ProducerRecord<>(
            topic, 0, TIME + records.size(), Kafka.bytes(key), Kafka.bytes(value), List.of(headers)));
  }

  private Object appendTime() throws Exception {
    String topic = kafka.topic("append-time", 1, Map.of("message.timestamp.type", "LogAppendTime"));
    long before = System.currentTimeMillis();
    long answered;
    try (var producer = kafka.producer()) {
      var record = new ProducerRecord<>(topic, 0, TIME, Kafka.bytes("k"), Kafka.bytes("v"));
      answered = producer.send(record).get().timestamp();
    }
    ConsumerRecord<byte[], byte[]> read = kafka.read(topic, 1, 1).get(0);
    return Outcome.map(
        "type", read.timestampType(),
        "answered is the log's", answered == read.timestamp(),
        "now", read.timestamp() >= before && read.timestamp() <= System.currentTimeMillis());
  }

  private Object partitioning() throws Exception {
    String topic = kafka.topic("partitioning", 3);
    try (var producer = kafka.producer()) {
      for (int i = 0; i < 60; i++) {
        producer.send(
            new ProducerRecord<>(topic, Kafka.bytes("key-" + i % 20), Kafka.bytes("" + i)));
      }
    }
    var byPartition =
        kafka.read(topic, 3, 60).stream().collect(groupingBy(ConsumerRecord::partition));
    Map<String, Object> outcome = new TreeMap<>();
    byPartition.forEach(
        (partition, records) ->
            outcome.put(
                partition.toString(),
                records.stream()
                    .map(each -> Kafka.text(each.key()) + "=" + Kafka.text(each.value()))
                    .toList()));
    return outcome;
  }

  private Object idempotentOrder() throws Exception {
    String topic = kafka.topic("idempotent-order", 1);
    int count = 20_000;
    try (var producer = kafka.producer("enable.idempotence", true, "batch.size", 1_000)) {
      for (int i = 0; i < count; i++) {
        producer.send(new ProducerRecord<>(topic, 0, null, Kafka.bytes("" + i)));
      }
    }
    var read = kafka.read(topic, 1, count);
    boolean inOrder = true;
    for (int i = 0; i < read.size(); i++) {
      inOrder &= read.get(i).offset() == i && Kafka.text(read.get(i).value()).equals("" + i);
    }
    return Outcome.map("records", read.size(), "in order, dense", inOrder);
  }

  private Object smallFetches() throws Exception {
    String topic = kafka.topic("small-fetches", 2);
    try (var producer = kafka.producer("batch.size", 0)) {
      for (int i = 0; i < 20; i++) {
        producer.send(new ProducerRecord<>(topic, i % 2, null, new byte[50_000]));
      }
    }
    // Every record is larger than what one fetch may bring, and still each has to come.
    var read =
        kafka.read(
            topic, 2, 20, "max.partition.fetch.bytes", 1_000, "fetch.max.bytes", 1_000,
            "max.poll.records", 1);
    return Outcome.map("records", read.size());
  }

  private Object acks() throws Exception {
    String topic = kafka.topic("acks", 1);
    Map<String, Object> outcome = new TreeMap<>();
    for (String acks : List.of("0", "1", "all")) {
      try (var producer = kafka.producer("acks", acks, "enable.idempotence", false)) {
        var answer = producer.send(new ProducerRecord<>(topic, 0, null, Kafka.bytes(acks))).get();
        outcome.put(acks, answer.hasOffset() ? answer.offset() : "no offset");
      }
    }
    outcome.put(
        "read", kafka.read(topic, 1, 3).stream().map(each -> Kafka.text(each.value())).toList());
    return outcome;
  }
}
