import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/** Topics made, described, changed and removed. */
final class Topics {
  private static final List<String> CONFIGS =
      List.of(
          "cleanup.policy", "retention.ms", "retention.bytes", "segment.bytes",
          "max.message.bytes", "message.timestamp.type", "compression.type", "min.insync.replicas");
  private final Kafka kafka;

  Topics(Kafka kafka) {
    this.kafka = kafka;
  }

  void addTo(Map<String, Callable<Object>> scenarios) {
    scenarios.put("create-topics", this::create);
    scenarios.put("topic-configs", this::configs);
    scenarios.put("create-partitions", this::partitions);
    scenarios.put("delete-records", this::deleteRecords);
    scenarios.put("delete-topic", this::delete);
    scenarios.put("offsets-by-time", this::offsetsByTime);
    scenarios.put("cluster", this::cluster);
  }

  private Object create() throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    try (Admin admin = kafka.admin()) {
      String name = kafka.name("created.with_every-kind");
      outcome.put("answer", created(admin, new NewTopic(name, 3, (short) 1)));
      outcome.put("again", created(admin, new NewTopic(name, 3, (short) 1)));
      Kafka.until(() -> count(admin, name) == 3);
      outcome.put("listed", admin.listTopics().names().get().contains(name));
      outcome.put("described", described(admin, name));
      outcome.put("slash", created(admin, new NewTopic("a/b", 1, (short) 1)));
      outcome.put("space", created(admin, new NewTopic("a b", 1, (short) 1)));
      outcome.put("dots", created(admin, new NewTopic("..", 1, (short) 1)));
      outcome.put("empty", created(admin, new NewTopic("", 1, (short) 1)));
      outcome.put("too long", created(admin, new NewTopic("x".repeat(250), 1, (short) 1)));
      String other = kafka.name("other");
      outcome.put("no partitions", created(admin, new NewTopic(other, 0, (short) 1)));
      outcome.put("three replicas", created(admin, new NewTopic(other, 1, (short) 3)));
      var unknown = new NewTopic(other, 1, (short) 1).configs(Map.of("no.such.config", "1"));
      outcome.put("unknown config", created(admin, unknown));
      var bad = new NewTopic(other, 1, (short) 1).configs(Map.of("retention.ms", "soon"));
      outcome.put("bad config", created(admin, bad));
      var checked = List.of(new NewTopic(other, 1, (short) 1));
      var onlyCheck = new CreateTopicsOptions().validateOnly(true);
      outcome.put("checked", Outcome.of(() -> admin.createTopics(checked, onlyCheck).all().get()));
      outcome.put("not made", !admin.listTopics().names().get().contains(other));
      String defaults = kafka.name("defaults");
      var plain = new NewTopic(defaults, java.util.Optional.empty(), java.util.Optional.empty());
      outcome.put("defaults", created(admin, plain));
    }
    return outcome;
  }

  private Object created(Admin admin, NewTopic topic) {
    return Outcome.of(
        () -> {
          var result = admin.createTopics(List.of(topic));
          result.all().get();
          return Outcome.map(
              "partitions", result.numPartitions(topic.name()).get(),
              "replicas", result.replicationFactor(topic.name()).get());
        });
  }

  private static Object described(Admin admin, String topic) throws Exception {
    TopicDescription found =
        admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
    return Outcome.map(
        "internal", found.isInternal(),
        "has an id", !found.topicId().equals(org.apache.kafka.common.Uuid.ZERO_UUID),
        "partitions",
            found.partitions().stream()
                .map(
                    each ->
                        Outcome.map(
                            "partition", each.partition(),
                            "leader is there", each.leader() != null,
                            "replicas", each.replicas().size(),
                            "in sync", each.isr().size()))
                .toList());
  }

  private Object configs() throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    String topic =
        kafka.topic("configs", 1, Map.of("cleanup.policy", "compact", "retention.ms", "3600000"));
    var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try (Admin admin = kafka.admin()) {
      outcome.put("made", read(admin, resource));
      List<AlterConfigOp> changes = new ArrayList<>();
      changes.add(operation("retention.ms", "7200000", OpType.SET));
      changes.add(operation("max.message.bytes", "2000", OpType.SET));
      changes.add(operation("cleanup.policy", "delete", OpType.APPEND));
      admin.incrementalAlterConfigs(Map.of(resource, changes)).all().get();
      Kafka.until(() -> retention(admin, resource).equals("7200000"));
      outcome.put("changed", read(admin, resource));
      var back = List.of(operation("retention.ms", "", OpType.DELETE));
      admin.incrementalAlterConfigs(Map.of(resource, back)).all().get();
      Kafka.until(() -> !retention(admin, resource).equals("7200000"));
      outcome.put("set back", read(admin, resource));
      var bad = List.of(operation("retention.ms", "soon", OpType.SET));
      outcome.put(
          "bad",
          Outcome.of(() -> admin.incrementalAlterConfigs(Map.of(resource, bad)).all().get()));
      var missing = new ConfigResource(ConfigResource.Type.TOPIC, kafka.name("missing"));
      outcome.put("unknown topic", Outcome.of(() -> read(admin, missing)));
      var node = admin.describeCluster().nodes().get().iterator().next();
      var broker = new ConfigResource(ConfigResource.Type.BROKER, node.idString());
      outcome.put(
          "of the broker",
          !admin.describeConfigs(Set.of(broker)).all().get().get(broker).entries().isEmpty());
    }
    return outcome;
  }

  private static AlterConfigOp operation(String name, String value, OpType type) {
    return new AlterConfigOp(new ConfigEntry(name, value), type);
  }

  private static String retention(Admin admin, ConfigResource resource) {
    try {
      var found = admin.describeConfigs(Set.of(resource)).all().get().get(resource);
      return found.get("retention.ms").value();
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }

  private static Object read(Admin admin, ConfigResource resource) throws Exception {
    var found = admin.describeConfigs(Set.of(resource)).all().get().get(resource);
    Map<String, Object> outcome = new TreeMap<>();
    for (String name : CONFIGS) {
      ConfigEntry entry = found.get(name);
      outcome.put(name, entry == null ? null : entry.value() + " (" + entry.source() + ")");
    }
    return outcome;
  }

  private Object partitions() throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    String topic = kafka.topic("grown", 2);
    try (Admin admin = kafka.admin()) {
      outcome.put("more", grown(admin, topic, 4));
      Kafka.until(() -> count(admin, topic) == 4);
      outcome.put("same", grown(admin, topic, 4));
      outcome.put("fewer", grown(admin, topic, 1));
      outcome.put("unknown", grown(admin, kafka.name("missing"), 2));
      kafka.fill(topic, 3, 1);
      outcome.put("read from the new one", kafka.read(topic, 4, 1).get(0).partition());
    }
    return outcome;
  }

  private static Object grown(Admin admin, String topic, int count) {
    var change = Map.of(topic, NewPartitions.increaseTo(count));
    return Outcome.of(() -> admin.createPartitions(change).all().get());
  }

  private static int count(Admin admin, String topic) {
    try {
      var found = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
      return found.partitions().size();
    } catch (Exception error) {
      return 0;
    }
  }

  private Object deleteRecords() throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    String topic = kafka.topic("shortened", 1);
    kafka.fill(topic, 0, 10);
    var partition = new TopicPartition(topic, 0);
    try (Admin admin = kafka.admin()) {
      outcome.put("to 4", shortened(admin, partition, 4));
      outcome.put("read", kafka.read(topic, 1, 6).stream().map(each -> each.offset()).toList());
      outcome.put("earliest", offset(admin, partition, OffsetSpec.earliest()));
      outcome.put("back to 2", shortened(admin, partition, 2));
      outcome.put("past the end", shortened(admin, partition, 11));
      outcome.put("to the end", shortened(admin, partition, -1));
      outcome.put("earliest at last", offset(admin, partition, OffsetSpec.earliest()));
    }
    return outcome;
  }

  private static Object shortened(Admin admin, TopicPartition partition, long before) {
    var request = Map.of(partition, RecordsToDelete.beforeOffset(before));
    return Outcome.of(
        () -> admin.deleteRecords(request).lowWatermarks().get(partition).get().lowWatermark());
  }

  private static Object offset(Admin admin, TopicPartition partition, OffsetSpec spec)
      throws Exception {
    var found = admin.listOffsets(Map.of(partition, spec)).partitionResult(partition).get();
    return List.of(found.offset(), found.timestamp());
  }

  private Object delete() throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    String topic = kafka.topic("deleted", 1);
    kafka.fill(topic, 0, 3);
    try (Admin admin = kafka.admin()) {
      var first = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
      admin.deleteTopics(List.of(topic)).all().get();
      Kafka.until(() -> count(admin, topic) == 0);
      outcome.put("again", Outcome.of(() -> admin.deleteTopics(List.of(topic)).all().get()));
      kafka.topic("deleted", 1);
      var second = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
      outcome.put("another id", !first.equals(second));
      outcome.put("empty", offset(admin, new TopicPartition(topic, 0), OffsetSpec.latest()));
    }
    return outcome;
  }

  private Object offsetsByTime() throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    String topic = kafka.topic("by-time", 1);
    var partition = new TopicPartition(topic, 0);
    try (Admin admin = kafka.admin()) {
      outcome.put("newest of none", offset(admin, partition, OffsetSpec.maxTimestamp()));
      try (var producer = kafka.producer("batch.size", 0)) {
        for (long time : new long[] {1_000, 2_000, 5_000, 3_000, 6_000}) {
          producer.send(new ProducerRecord<>(topic, 0, time, null, Kafka.bytes("v"))).get();
        }
      }
      outcome.put("earliest", offset(admin, partition, OffsetSpec.earliest()));
      outcome.put("latest", offset(admin, partition, OffsetSpec.latest()));
      outcome.put("newest", offset(admin, partition, OffsetSpec.maxTimestamp()));
      for (long time : new long[] {0, 1_000, 1_001, 2_500, 5_500, 6_001}) {
        outcome.put("at " + time, offset(admin, partition, OffsetSpec.forTimestamp(time)));
      }
      outcome.put(
          "unknown partition",
          Outcome.of(() -> offset(admin, new TopicPartition(topic, 9), OffsetSpec.latest())));
    }
    return outcome;
  }

  private Object cluster() throws Exception {
    try (Admin admin = kafka.admin()) {
      var cluster = admin.describeCluster();
      return Outcome.map(
          "nodes", cluster.nodes().get().size(),
          "controller is one of them", cluster.nodes().get().contains(cluster.controller().get()),
          "has an id", !cluster.clusterId().get().isEmpty());
    }
  }
}
