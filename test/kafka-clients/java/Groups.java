import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Consumer groups, by the classic protocol and, with the newest client, by KIP-848's. */
final class Groups {
  private static final Duration POLL = Duration.ofMillis(50);
  private final Kafka kafka;

  Groups(Kafka kafka) {
    this.kafka = kafka;
  }

  void addTo(Map<String, Callable<Object>> scenarios) {
    add(scenarios, "classic");
    if (kafka.newestClient) {
      add(scenarios, "consumer");
      scenarios.put("group-pattern-server", this::serverPattern);
    }
    for (String assignor : List.of("RangeAssignor", "RoundRobinAssignor", "StickyAssignor")) {
      scenarios.put("assignor-" + assignor, () -> assignor(assignor));
    }
  }

  private void add(Map<String, Callable<Object>> scenarios, String protocol) {
    scenarios.put("group-shared-" + protocol, () -> shared(protocol));
    scenarios.put("group-resumed-" + protocol, () -> resumed(protocol));
    scenarios.put("group-static-" + protocol, () -> withInstanceIds(protocol));
    scenarios.put("group-pattern-" + protocol, () -> pattern(protocol));
    scenarios.put("group-auto-commit-" + protocol, () -> autoCommit(protocol));
  }

  private KafkaConsumer<byte[], byte[]> member(String protocol, String group, Object... more) {
    Map<String, Object> settings = new HashMap<>(Outcome.map(more));
    settings.put("group.id", kafka.name(group));
    if (kafka.newestClient) settings.put("group.protocol", protocol);
    if (protocol.equals("classic")) {
      settings.put("heartbeat.interval.ms", 200);
      settings.put("session.timeout.ms", 10_000);
    }
    settings.put("metadata.max.age.ms", 300);
    List<Object> pairs = new ArrayList<>();
    settings.forEach((name, value) -> pairs.addAll(List.of(name, value)));
    return kafka.consumer(pairs.toArray());
  }

  /** Two members share four partitions, one leaves, the other has them all; nothing is lost. */
  private Object shared(String protocol) throws Exception {
    String topic = kafka.topic("shared-" + protocol, 4);
    TreeMap<String, Integer> seen = new TreeMap<>();
    Map<String, Object> outcome = new TreeMap<>();
    try (var first = member(protocol, "shared-" + protocol)) {
      first.subscribe(List.of(topic));
      Kafka.until(() -> polled(first, seen, 4));
      try (var second = member(protocol, "shared-" + protocol)) {
        second.subscribe(List.of(topic));
        Kafka.until(() -> polled(first, seen, 2) & polled(second, seen, 2));
        outcome.put("shared", union(first, second));
        for (int i = 0; i < 4; i++) kafka.fill(topic, i, 25);
        Kafka.until(
            () -> {
              polled(first, seen, 2);
              polled(second, seen, 2);
              return seen.size() >= 100;
            });
        first.commitSync();
        second.commitSync();
      }
      Kafka.until(() -> polled(first, seen, 4));
      outcome.put("alone", first.assignment().size());
      for (int i = 0; i < 4; i++) kafka.fill(topic, i, 5);
      Kafka.until(
          () -> {
            polled(first, seen, 4);
            return seen.size() >= 120;
          });
    }
    outcome.put("records", seen.size());
    outcome.put("seen twice", seen.values().stream().filter(times -> times > 1).count());
    return outcome;
  }

  private static boolean polled(
      KafkaConsumer<byte[], byte[]> member, Map<String, Integer> seen, int assigned) {
    for (ConsumerRecord<byte[], byte[]> record : member.poll(POLL)) {
      seen.merge(record.partition() + "@" + record.offset(), 1, Integer::sum);
    }
    return member.assignment().size() == assigned;
  }

  @SafeVarargs
  private static List<Integer> union(KafkaConsumer<byte[], byte[]>... members) {
    TreeSet<Integer> partitions = new TreeSet<>();
    for (var member : members) {
      for (TopicPartition each : member.assignment()) partitions.add(each.partition());
    }
    return List.copyOf(partitions);
  }

  /** A later member goes on behind the commit; seeking, positions and metadata. */
  private Object resumed(String protocol) throws Exception {
    String topic = kafka.topic("resumed-" + protocol, 1);
    String group = "resumed-" + protocol;
    var partition = new TopicPartition(topic, 0);
    kafka.fill(topic, 0, 10);
    Map<String, Object> outcome = new TreeMap<>();
    try (var member = member(protocol, group, "max.poll.records", 4)) {
      member.subscribe(List.of(topic));
      List<Long> read = new ArrayList<>();
      Kafka.until(() -> collect(member, read) >= 4);
      outcome.put("first", read.subList(0, 4));
      var commit = new OffsetAndMetadata(4, java.util.Optional.empty(), "so far");
      member.commitSync(Map.of(partition, commit));
      outcome.put("committed", committed(member, partition));
    }
    try (var member = member(protocol, group)) {
      member.subscribe(List.of(topic));
      List<Long> read = new ArrayList<>();
      Kafka.until(() -> collect(member, read) >= 6);
      outcome.put("resumed", read);
      outcome.put("position", member.position(partition));
      outcome.put("end", member.endOffsets(List.of(partition)).get(partition));
      member.seek(partition, 8);
      List<Long> again = new ArrayList<>();
      Kafka.until(() -> collect(member, again) >= 2);
      outcome.put("after seeking", again);
      outcome.put("not committed", committed(member, partition));
    }
    return outcome;
  }

  private static int collect(KafkaConsumer<byte[], byte[]> member, List<Long> offsets) {
    member.poll(POLL).forEach(record -> offsets.add(record.offset()));
    return offsets.size();
  }

  private static Object committed(KafkaConsumer<byte[], byte[]> member, TopicPartition partition) {
    OffsetAndMetadata found = member.committed(java.util.Set.of(partition)).get(partition);
    return found == null ? null : List.of(found.offset(), found.metadata());
  }

  /** A static member that comes back has its partitions without a rebalance of the other. */
  private Object withInstanceIds(String protocol) throws Exception {
    String topic = kafka.topic("static-" + protocol, 2);
    String group = "static-" + protocol;
    TreeMap<String, Integer> seen = new TreeMap<>();
    List<String> events = new ArrayList<>();
    Map<String, Object> outcome = new TreeMap<>();
    try (var stays = member(protocol, group, "group.instance.id", "stays")) {
      stays.subscribe(List.of(topic), noting(events));
      Kafka.until(() -> polled(stays, seen, 2));
      var leaves = member(protocol, group, "group.instance.id", "leaves");
      leaves.subscribe(List.of(topic));
      Kafka.until(() -> polled(stays, seen, 1) & polled(leaves, seen, 1));
      var held = union(leaves);
      events.clear();
      leaves.close();
      try (var back = member(protocol, group, "group.instance.id", "leaves")) {
        back.subscribe(List.of(topic));
        Kafka.until(() -> polled(back, seen, 1));
        polled(stays, seen, 1);
        outcome.put("same partitions", union(back).equals(held));
        outcome.put("events of the other", List.copyOf(events));
        try (var twin = member(protocol, group, "group.instance.id", "leaves")) {
          twin.subscribe(List.of(topic));
          outcome.put("two of one id", firstError(back, twin));
        }
      }
    }
    return outcome;
  }

  private static Object firstError(
      KafkaConsumer<byte[], byte[]> back, KafkaConsumer<byte[], byte[]> twin) {
    return Outcome.of(
        () ->
            Kafka.until(
                () -> {
                  twin.poll(POLL);
                  back.poll(POLL);
                  return false;
                }));
  }

  private static ConsumerRebalanceListener noting(List<String> events) {
    return new ConsumerRebalanceListener() {
      @Override
      public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        events.add("revoked " + partitions.size());
      }

      @Override
      public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        events.add("assigned " + partitions.size());
      }
    };
  }

  private Object pattern(String protocol) throws Exception {
    String base = "pattern-" + protocol;
    String one = kafka.topic(base + ".one", 1);
    kafka.fill(one, 0, 1);
    try (var member = member(protocol, base)) {
      member.subscribe(Pattern.compile(Pattern.quote(kafka.name(base)) + "\\..*"));
      return found(member, base);
    }
  }

  private Object serverPattern() throws Exception {
    String base = "pattern-server";
    String one = kafka.topic(base + ".one", 1);
    kafka.fill(one, 0, 1);
    try (var member = member("consumer", base)) {
      ServerPattern.subscribe(member, kafka.name(base) + "\\..*");
      return found(member, base);
    }
  }

  private Object found(KafkaConsumer<byte[], byte[]> member, String base) throws Exception {
    TreeSet<String> topics = new TreeSet<>();
    Kafka.until(() -> topicsOf(member, topics) == 1);
    String later = kafka.topic(base + ".later", 1);
    kafka.fill(later, 0, 1);
    Kafka.until(() -> topicsOf(member, topics) == 2);
    return topics;
  }

  private static int topicsOf(KafkaConsumer<byte[], byte[]> member, TreeSet<String> topics) {
    member.poll(POLL).forEach(record -> topics.add(record.topic()));
    return topics.size();
  }

  private Object autoCommit(String protocol) throws Exception {
    String topic = kafka.topic("auto-" + protocol, 1);
    kafka.fill(topic, 0, 5);
    String group = "auto-" + protocol;
    try (var member = member(protocol, group, "enable.auto.commit", true)) {
      member.subscribe(List.of(topic));
      List<Long> read = new ArrayList<>();
      Kafka.until(() -> collect(member, read) >= 5);
    }
    try (var member = member(protocol, group)) {
      return committed(member, new TopicPartition(topic, 0));
    }
  }

  private Object assignor(String assignor) throws Exception {
    String topic = kafka.topic(assignor, 3);
    String strategy = "org.apache.kafka.clients.consumer." + assignor;
    TreeMap<String, Integer> seen = new TreeMap<>();
    try (var one = member("classic", assignor, "partition.assignment.strategy", strategy);
        var two = member("classic", assignor, "partition.assignment.strategy", strategy)) {
      one.subscribe(List.of(topic));
      two.subscribe(List.of(topic));
      Kafka.until(
          () -> {
            polled(one, seen, 0);
            polled(two, seen, 0);
            return one.assignment().size() + two.assignment().size() == 3
                && !one.assignment().isEmpty()
                && !two.assignment().isEmpty();
          });
      return union(one, two);
    }
  }
}
