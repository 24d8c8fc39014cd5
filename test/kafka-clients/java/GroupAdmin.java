import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Groups listed, described, changed and removed. */
final class GroupAdmin {
  private final Kafka kafka;

  GroupAdmin(Kafka kafka) {
    this.kafka = kafka;
  }

  void addTo(Map<String, Callable<Object>> scenarios) {
    scenarios.put("group-admin-classic", () -> described("classic"));
    if (kafka.newestClient) scenarios.put("group-admin-consumer", () -> described("consumer"));
    scenarios.put("group-offsets", this::offsets);
    scenarios.put("group-members-removed", this::membersRemoved);
  }

  private Object described(String protocol) throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    String topic = kafka.topic("admin-" + protocol, 2);
    String group = kafka.name("admin-" + protocol);
    try (Admin admin = kafka.admin()) {
      outcome.put("unknown", Outcome.of(() -> describe(admin, kafka.name("no-such-group"))));
      String setting = kafka.newestClient ? "group.protocol" : "client.id";
      try (var member = kafka.consumer("group.id", group, setting, protocol)) {
        member.subscribe(List.of(topic));
        Kafka.until(
            () -> {
              member.poll(Duration.ofMillis(50));
              return member.assignment().size() == 2;
            });
        member.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(0)));
        outcome.put("described", describe(admin, group));
        outcome.put("listed", listed(admin, group));
        outcome.put("delete while used", deleted(admin, group));
        outcome.put(
            "offsets removed while used",
            Outcome.of(
                () ->
                    admin
                        .deleteConsumerGroupOffsets(group, Set.of(new TopicPartition(topic, 0)))
                        .all()
                        .get()));
      }
      outcome.put("left", describe(admin, group));
      outcome.put("deleted", deleted(admin, group));
      outcome.put("deleted again", deleted(admin, group));
      outcome.put("listed at last", listed(admin, group));
    }
    return outcome;
  }

  private static Object deleted(Admin admin, String group) {
    return Outcome.of(() -> admin.deleteConsumerGroups(List.of(group)).all().get());
  }

  private static Object describe(Admin admin, String group) throws Exception {
    ConsumerGroupDescription found =
        admin.describeConsumerGroups(List.of(group)).all().get().get(group);
    return Outcome.map(
        "state", found.state(),
        "assignor", found.partitionAssignor(),
        "simple", found.isSimpleConsumerGroup(),
        "members",
            found.members().stream()
                .map(each -> each.assignment().topicPartitions().size() + " partitions")
                .toList());
  }

  @SuppressWarnings("deprecation")
  private static Object listed(Admin admin, String group) throws Exception {
    return admin.listConsumerGroups().all().get().stream()
        .filter(each -> each.groupId().equals(group))
        .map(each -> each.state().map(Object::toString).orElse("no state"))
        .toList();
  }

  private Object offsets() throws Exception {
    Map<String, Object> outcome = new TreeMap<>();
    String topic = kafka.topic("group-offsets", 2);
    kafka.fill(topic, 0, 5);
    String group = kafka.name("offsets");
    var zero = new TopicPartition(topic, 0);
    var one = new TopicPartition(topic, 1);
    try (Admin admin = kafka.admin()) {
      outcome.put("none yet", read(admin, group));
      var set = Map.of(zero, new OffsetAndMetadata(3, "three"), one, new OffsetAndMetadata(0));
      outcome.put("set", Outcome.of(() -> admin.alterConsumerGroupOffsets(group, set).all().get()));
      outcome.put("read", read(admin, group));
      outcome.put("described", describe(admin, group));
      var missing = Map.of(new TopicPartition(kafka.name("missing"), 0), new OffsetAndMetadata(0));
      outcome.put(
          "of an unknown topic",
          Outcome.of(() -> admin.alterConsumerGroupOffsets(group, missing).all().get()));
      outcome.put(
          "one removed",
          Outcome.of(() -> admin.deleteConsumerGroupOffsets(group, Set.of(one)).all().get()));
      outcome.put("read again", read(admin, group));
      outcome.put("group removed", deleted(admin, group));
      outcome.put("read at last", read(admin, group));
    }
    return outcome;
  }

  private static Object read(Admin admin, String group) {
    return Outcome.of(
        () -> {
          Map<String, Object> offsets = new TreeMap<>();
          admin
              .listConsumerGroupOffsets(group)
              .partitionsToOffsetAndMetadata()
              .get()
              .forEach(
                  (partition, found) ->
                      offsets.put(
                          "" + partition.partition(), List.of(found.offset(), found.metadata())));
          return offsets;
        });
  }

  /** An operator puts a static member out. */
  private Object membersRemoved() throws Exception {
    String topic = kafka.topic("put-out", 1);
    String group = kafka.name("put-out");
    try (Admin admin = kafka.admin()) {
      try (var member = kafka.consumer("group.id", group, "group.instance.id", "one")) {
        member.subscribe(List.of(topic));
        Kafka.until(
            () -> {
              member.poll(Duration.ofMillis(50));
              return !member.assignment().isEmpty();
            });
      }
      Map<String, Object> outcome = new TreeMap<>();
      outcome.put("still there", describe(admin, group));
      outcome.put("removed", removed(admin, group, "one"));
      outcome.put("unknown", removed(admin, group, "two"));
      outcome.put("empty", describe(admin, group));
      return outcome;
    }
  }

  private static Object removed(Admin admin, String group, String instance) {
    var options = new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove(instance)));
    return Outcome.of(() -> admin.removeMembersFromConsumerGroup(group, options).all().get());
  }
}
