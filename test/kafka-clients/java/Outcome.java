import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;

/** What a scenario tells of what happened. */
final class Outcome {
  private Outcome() {}

  interface Step {
    void run() throws Exception;
  }

  /** What the work answers, or the kind of error that it ended with. */
  static Object of(Callable<?> work) {
    try {
      return work.call();
    } catch (Throwable error) {
      if (System.getenv("SHOW_ERRORS") != null) error.printStackTrace();
      return map("error", kind(error));
    }
  }

  static Object of(Step step) {
    return of(
        () -> {
          step.run();
          return "done";
        });
  }

  /** The class of the error that the broker or client meant, without what wraps it. */
  static String kind(Throwable error) {
    Throwable at = error;
    while (at.getCause() != null
        && (at instanceof ExecutionException || at.getClass() == KafkaException.class)) {
      at = at.getCause();
    }
    return at.getClass().getSimpleName();
  }

  static Map<String, Object> map(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) map.put((String) pairs[i], pairs[i + 1]);
    return map;
  }

  static <V> Map<String, V> sorted(Map<String, V> map) {
    return new TreeMap<>(map);
  }

  static Map<String, Object> record(ConsumerRecord<byte[], byte[]> record) {
    return map(
        "offset", record.offset(),
        "key", bytes(record.key()),
        "value", bytes(record.value()),
        "timestamp", record.timestamp(),
        "type", record.timestampType(),
        "headers", headers(record));
  }

  private static List<Object> headers(ConsumerRecord<byte[], byte[]> record) {
    return List.of(record.headers().toArray()).stream()
        .map(header -> (Object) map("name", header.key(), "value", bytes(header.value())))
        .toList();
  }

  /** Short bytes whole, long ones by length and digest. */
  private static Object bytes(byte[] bytes) {
    if (bytes == null || bytes.length <= 64) return bytes;
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return map("length", bytes.length, "sha256", digest);
    } catch (java.security.NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }
}
