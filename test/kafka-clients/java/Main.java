import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * Runs scenarios with Apache Kafka's Java client and prints one JSON line for each: its name and
 * its outcome, free of everything that differs from run to run (ids, times, ports).
 * Arguments: plain address, SASL address, prefix of every name it makes, scenario names (else all).
 */
public final class Main {
  public static void main(String[] args) throws Exception {
    Kafka kafka = new Kafka(args[0], args[1], args[2]);
    Map<String, Callable<Object>> scenarios = new LinkedHashMap<>();
    new Records(kafka).addTo(scenarios);
    new Topics(kafka).addTo(scenarios);
    new Groups(kafka).addTo(scenarios);
    new GroupAdmin(kafka).addTo(scenarios);
    new Transactions(kafka).addTo(scenarios);
    new Refusals(kafka).addTo(scenarios);
    List<String> wanted = List.of(args).subList(3, args.length);
    for (var scenario : scenarios.entrySet()) {
      if (!wanted.isEmpty() && !wanted.contains(scenario.getKey())) continue;
      Object outcome = Outcome.of(scenario.getValue());
      System.out.println(
          Json.of(Outcome.map("scenario", scenario.getKey(), "outcome", outcome)));
    }
    // Threads of a client that waits for its own time-out do not hold the program up.
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }
}
