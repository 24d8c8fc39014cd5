import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** Transactions: what readers see of them, fencing, and consume-transform-produce. */
final class Transactions {
  private static final String COMMITTED = "read_committed";
  private final Kafka kafka;

  Transactions(Kafka kafka) {
    this.kafka = kafka;
  }

  void addTo(Map<String, Callable<Object>> scenarios) {
    scenarios.put("transaction-visibility", this::visibility);
    scenarios.put("transaction-fencing", this::fencing);
    scenarios.put("transaction-pipeline", this::pipeline);
    scenarios.put("transaction-admin", this::admin);
    scenarios.put("transaction-timeout", this::timeout);
  }

  private KafkaProducer<byte[], byte[]> transactional(String id, Object... more) {
    List<Object> settings = new ArrayList<>(List.of("transactional.id", kafka.name(id)));
    settings.addAll(List.of(more));
    return kafka.producer(settings.toArray());
  }

  private static void send(
      KafkaProducer<byte[], byte[]> producer, String topic, int partition, String value)
      throws Exception {
    producer.send(new ProducerRecord<>(topic, partition, null, Kafka.bytes(value))).get();
  }

  private Object visibility() throws Exception {
    String topic = kafka.topic("visibility", 2);
    Map<String, Object> outcome = new TreeMap<>();
    try (var producer = transactional("visibility");
        var plain = kafka.producer()) {
      producer.initTransactions();
      producer.beginTransaction();
      send(producer, topic, 0, "committed 0");
      send(producer, topic, 1, "committed 1");
      producer.commitTransaction();
      producer.beginTransaction();
      send(producer, topic, 0, "aborted 0");
      send(producer, topic, 1, "aborted 1");
      producer.abortTransaction();
      send(plain, topic, 0, "plain 0");
      producer.beginTransaction();
      producer.commitTransaction();
      producer.beginTransaction();
      send(producer, topic, 0, "open 0");
      send(plain, topic, 0, "behind the open one");
      outcome.put("committed while open", read(topic, 3, "isolation.level", COMMITTED));
      outcome.put("uncommitted while open", read(topic, 7));
      outcome.put("ends while open", ends(topic));
      producer.commitTransaction();
      outcome.put("committed", read(topic, 5, "isolation.level", COMMITTED));
      outcome.put("uncommitted", read(topic, 7));
      outcome.put("ends", ends(topic));
    }
    return outcome;
  }

  private Object read(String topic, int count, Object... settings) {
    Map<String, List<String>> seen = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> each : kafka.read(topic, 2, count, settings)) {
      seen.computeIfAbsent("" + each.partition(), (key) -> new ArrayList<>())
          .add(each.offset() + " " + Kafka.text(each.value()));
    }
    return seen;
  }

  private Object ends(String topic) throws Exception {
    Map<String, Object> ends = new TreeMap<>();
    var partition = new TopicPartition(topic, 0);
    try (Admin admin = kafka.admin()) {
      for (IsolationLevel level : IsolationLevel.values()) {
        var result =
            admin.listOffsets(
                Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(level));
        ends.put(level.toString(), result.partitionResult(partition).get().offset());
      }
    }
    return ends;
  }

  /** A second producer of the same id ends the first one's work. */
  private Object fencing() throws Exception {
    String topic = kafka.topic("fencing", 1);
    Map<String, Object> outcome = new TreeMap<>();
    try (var old = transactional("fencing");
        var next = transactional("fencing")) {
      old.initTransactions();
      old.beginTransaction();
      send(old, topic, 0, "of the old one");
      next.initTransactions();
      outcome.put("send", Outcome.of(() -> send(old, topic, 0, "too late")));
      outcome.put("commit", Outcome.of(old::commitTransaction));
      next.beginTransaction();
      send(next, topic, 0, "of the next one");
      next.commitTransaction();
    }
    outcome.put(
        "read",
        kafka.read(topic, 1, 1, "isolation.level", COMMITTED).stream()
            .map(each -> Kafka.text(each.value()))
            .toList());
    return outcome;
  }

  private Object pipeline() throws Exception {
    String from = kafka.topic("pipeline-from", 1);
    String to = kafka.topic("pipeline-to", 1);
    kafka.fill(from, 0, 10);
    Map<String, Object> outcome = new TreeMap<>();
    var partition = new TopicPartition(from, 0);
    String group = kafka.name("pipeline");
    try (var consumer =
            kafka.consumer("group.id", group, "isolation.level", COMMITTED, "max.poll.records", 5);
        var producer = transactional("pipeline")) {
      producer.initTransactions();
      consumer.subscribe(List.of(from));
      step(consumer, producer, to, false);
      outcome.put("after abort", committed(group, partition));
      consumer.seek(partition, 0);
      step(consumer, producer, to, true);
      outcome.put("after commit", committed(group, partition));
      step(consumer, producer, to, true);
      outcome.put("at last", committed(group, partition));
    }
    outcome.put(
        "written",
        kafka.read(to, 1, 10, "isolation.level", COMMITTED).stream()
            .map(each -> Kafka.text(each.value()))
            .toList());
    return outcome;
  }

  private static void step(
      KafkaConsumer<byte[], byte[]> consumer,
      KafkaProducer<byte[], byte[]> producer,
      String to,
      boolean commit) {
    List<ConsumerRecord<byte[], byte[]>> taken = new ArrayList<>();
    Kafka.until(
        () -> {
          consumer.poll(Duration.ofMillis(50)).forEach(taken::add);
          return !taken.isEmpty();
        });
    producer.beginTransaction();
    for (var record : taken) {
      byte[] value = Kafka.bytes(Kafka.text(record.value()).toUpperCase());
      producer.send(new ProducerRecord<>(to, 0, record.key(), value));
    }
    var last = taken.get(taken.size() - 1);
    producer.sendOffsetsToTransaction(
        Map.of(
            new TopicPartition(last.topic(), last.partition()),
            new OffsetAndMetadata(last.offset() + 1)),
        consumer.groupMetadata());
    if (commit) producer.commitTransaction();
    else producer.abortTransaction();
  }

  private Object committed(String group, TopicPartition partition) throws Exception {
    try (Admin admin = kafka.admin()) {
      var found = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
      return found.get(partition) == null ? null : found.get(partition).offset();
    }
  }

  private Object admin() throws Exception {
    String topic = kafka.topic("transaction-admin", 1);
    String id = kafka.name("transaction-admin");
    var partition = new TopicPartition(topic, 0);
    Map<String, Object> outcome = new TreeMap<>();
    try (var producer = transactional("transaction-admin");
        Admin admin = kafka.admin()) {
      producer.initTransactions();
      producer.beginTransaction();
      send(producer, topic, 0, "open");
      outcome.put("listed", Outcome.of(() -> listed(admin, id)));
      outcome.put("described", Outcome.of(() -> describe(admin, id)));
      outcome.put("producers", Outcome.of(() -> producers(admin, partition)));
      producer.commitTransaction();
      Kafka.until(() -> Outcome.of(() -> listed(admin, id)).equals(List.of("CompleteCommit")));
      outcome.put("listed after", Outcome.of(() -> listed(admin, id)));
      outcome.put("unknown", Outcome.of(() -> describe(admin, kafka.name("no-such-id"))));
    }
    return outcome;
  }

  private static Object listed(Admin admin, String id) throws Exception {
    return admin.listTransactions().all().get().stream()
        .filter(each -> each.transactionalId().equals(id))
        .map(each -> each.state().toString())
        .toList();
  }

  private static Object describe(Admin admin, String id) throws Exception {
    var found = admin.describeTransactions(List.of(id)).description(id).get();
    return List.of(found.state().toString(), found.topicPartitions().size());
  }

  private static Object producers(Admin admin, TopicPartition partition) throws Exception {
    var found = admin.describeProducers(List.of(partition)).partitionResult(partition).get();
    return found.activeProducers().stream()
        .map(
            each ->
                Outcome.map(
                    "last sequence", each.lastSequence(),
                    "starts at", each.currentTransactionStartOffset().orElse(-1)))
        .toList();
  }

  /** A transaction that its producer forgot is aborted by the broker. */
  private Object timeout() throws Exception {
    String topic = kafka.topic("transaction-timeout", 2);
    Map<String, Object> outcome = new TreeMap<>();
    try (var producer = transactional("transaction-timeout", "transaction.timeout.ms", 1_000)) {
      producer.initTransactions();
      producer.beginTransaction();
      send(producer, topic, 0, "forgotten");
      kafka.fill(topic, 0, 1);
      outcome.put("read", read(topic, 1, "isolation.level", COMMITTED));
      outcome.put("commit", Outcome.of(producer::commitTransaction));
    }
    return outcome;
  }
}
