import java.lang.reflect.Method;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/** Subscription by an expression that the broker evaluates; by reflection, as 3.x lacks it. */
final class ServerPattern {
  private static final String TYPE = "org.apache.kafka.clients.consumer.SubscriptionPattern";

  private ServerPattern() {}

  /** Whether this is a client of the 4.x line. */
  static boolean isThere() {
    try {
      Class.forName(TYPE);
      return true;
    } catch (ClassNotFoundException error) {
      return false;
    }
  }

  static void subscribe(KafkaConsumer<byte[], byte[]> member, String expression) throws Exception {
    Class<?> type = Class.forName(TYPE);
    Method subscribe = KafkaConsumer.class.getMethod("subscribe", type);
    subscribe.invoke(member, type.getConstructor(String.class).newInstance(expression));
  }
}
