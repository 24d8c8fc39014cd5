import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** Requests that a broker has to refuse, and who it lets in. */
final class Refusals {
  private static final String LOGIN = "org.apache.kafka.common.security.%s required %s;";
  private final Kafka kafka;

  Refusals(Kafka kafka) {
    this.kafka = kafka;
  }

  void addTo(Map<String, Callable<Object>> scenarios) {
    scenarios.put("refused-records", this::records);
    scenarios.put("refused-positions", this::positions);
    scenarios.put("sasl", this::sasl);
  }

  private Object records() throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    String small = kafka.topic("small-messages", 1, Map.of("max.message.bytes", "1000"));
    outcome.put("too large", sent(small, 0, new byte[2_000]));
    outcome.put("after it", sent(small, 0, new byte[10]));
    outcome.put("invalid name", sent("a/b", 0, new byte[1]));
    outcome.put("unknown partition", sent(small, 7, new byte[1]));
    String compacted = kafka.topic("compacted", 1, Map.of("cleanup.policy", "compact"));
    outcome.put("compacted without key", sent(compacted, 0, new byte[1]));
    return outcome;
  }

  private Object sent(String topic, int partition, byte[] value) {
    try (var producer = kafka.producer("max.block.ms", 1_500, "delivery.timeout.ms", 5_000,
        "request.timeout.ms", 4_000)) {
      return Outcome.of(
          () -> producer.send(new ProducerRecord<>(topic, partition, null, value)).get().offset());
    }
  }

  private Object positions() throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    String topic = kafka.topic("positions", 1);
    kafka.fill(topic, 0, 3);
    var partition = new TopicPartition(topic, 0);
    try (var consumer = kafka.consumer("auto.offset.reset", "none", "group.id", kafka.name("p"))) {
      consumer.assign(List.of(partition));
      outcome.put("no position", Outcome.of(() -> consumer.position(partition)));
      consumer.seek(partition, 100);
      outcome.put("past the end", polled(consumer));
      consumer.seek(partition, 3);
      outcome.put("at the end", consumer.poll(Duration.ofMillis(300)).count());
    }
    try (var consumer = kafka.consumer("allow.auto.create.topics", false)) {
      String missing = kafka.name("missing");
      outcome.put(
          "partitions of a missing topic",
          Outcome.of(() -> consumer.partitionsFor(missing, Duration.ofSeconds(2)).size()));
    }
    return outcome;
  }

  private static Object polled(org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> from) {
    return Outcome.of(
        () ->
            Kafka.until(
                () -> {
                  from.poll(Duration.ofMillis(100));
                  return false;
                }));
  }

  private Object sasl() throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    for (String mechanism : List.of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")) {
      outcome.put(mechanism, loggedIn(mechanism, "alice", "alice-secret"));
      outcome.put(mechanism + " wrong password", loggedIn(mechanism, "alice", "wrong"));
      outcome.put(mechanism + " unknown user", loggedIn(mechanism, "mallory", "alice-secret"));
    }
    return outcome;
  }

  private Object loggedIn(String mechanism, String user, String password) {
    String module = mechanism.equals("PLAIN") ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
    String credentials = "username=\"" + user + "\" password=\"" + password + "\"";
    Map<String, Object> settings =
        Outcome.map(
            "bootstrap.servers", kafka.saslAddress,
            "security.protocol", "SASL_PLAINTEXT",
            "sasl.mechanism", mechanism,
            "sasl.jaas.config", String.format(LOGIN, module, credentials),
            "default.api.timeout.ms", 3_000,
            "request.timeout.ms", 3_000);
    return Outcome.of(
        () -> {
          try (Admin admin = kafka.admin(settings)) {
            return admin.describeCluster().nodes().get().size() + " nodes";
          }
        });
  }
}
