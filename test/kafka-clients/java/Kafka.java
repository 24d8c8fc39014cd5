import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Makes clients of the broker under test and does what many scenarios need. */
final class Kafka {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final long PATIENCE_MS = 20_000;

  private final String address;
  final String saslAddress;
  private final String prefix;
  final boolean newestClient;

  Kafka(String address, String saslAddress, String prefix) {
    this.address = address;
    this.saslAddress = saslAddress;
    this.prefix = prefix;
    this.newestClient = ServerPattern.isThere();
  }

  String name(String name) {
    return prefix + "-" + name;
  }

  static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }

  Admin admin() {
    return admin(Map.of("default.api.timeout.ms", 3_000, "request.timeout.ms", 3_000));
  }

  Admin admin(Map<String, Object> settings) {
    return Admin.create(properties(settings));
  }

  KafkaProducer<byte[], byte[]> producer(Object... settings) {
    return new KafkaProducer<>(
        properties(Outcome.map(settings)), new ByteArraySerializer(), new ByteArraySerializer());
  }

  KafkaConsumer<byte[], byte[]> consumer(Object... settings) {
    Map<String, Object> all = new HashMap<>();
    all.put("auto.offset.reset", "earliest");
    all.put("enable.auto.commit", false);
    // A consumer that closes waits for the fetch under way.
    all.put("fetch.max.wait.ms", 50);
    all.putAll(Outcome.map(settings));
    return new KafkaConsumer<>(
        properties(all), new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private Properties properties(Map<String, Object> settings) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", address);
    properties.putAll(settings);
    return properties;
  }

  /** A new topic; answers its whole name. */
  String topic(String name, int partitions, Map<String, String> configs) throws Exception {
    try (Admin admin = admin()) {
      NewTopic topic = new NewTopic(name(name), partitions, (short) 1).configs(configs);
      admin.createTopics(List.of(topic)).all().get();
      until(() -> described(admin, name(name), partitions));
    }
    return name(name);
  }

  String topic(String name, int partitions) throws Exception {
    return topic(name, partitions, Map.of());
  }

  private static boolean described(Admin admin, String topic, int partitions) {
    try {
      var described = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
      return described.partitions().size() == partitions
          && described.partitions().stream().allMatch(each -> each.leader() != null);
    } catch (Exception error) {
      return false;
    }
  }

  /** Writes `value-0`... with keys `key-0`... to one partition. */
  void fill(String topic, int partition, int count) throws Exception {
    try (var producer = producer()) {
      for (int i = 0; i < count; i++) {
        producer.send(
            new ProducerRecord<>(topic, partition, bytes("key-" + i), bytes("value-" + i)));
      }
      producer.flush();
    }
  }

  /** Reads partitions from their starts until so many records came. */
  List<ConsumerRecord<byte[], byte[]>> read(
      String topic, int partitions, int count, Object... settings) {
    try (var consumer = consumer(settings)) {
      List<TopicPartition> all = new ArrayList<>();
      for (int i = 0; i < partitions; i++) all.add(new TopicPartition(topic, i));
      consumer.assign(all);
      consumer.seekToBeginning(all);
      List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
      until(
          () -> {
            consumer.poll(POLL).forEach(records::add);
            return records.size() >= count;
          });
      // What should not be there would come now.
      consumer.poll(POLL).forEach(records::add);
      return records;
    }
  }

  static void until(BooleanSupplier holds) {
    long end = System.currentTimeMillis() + PATIENCE_MS;
    while (!holds.getAsBoolean()) {
      if (System.currentTimeMillis() > end) throw new WaitedTooLong();
      Thread.onSpinWait();
    }
  }

  /** A condition that a scenario waits for did not come. */
  static final class WaitedTooLong extends RuntimeException {}
}
