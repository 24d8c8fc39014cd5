import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Runs scenarios with Apache Kafka's Java client and prints one JSON line for each: its name and
 * its outcome, free of everything that differs from run to run (ids, times, ports).
 * Arguments: plain address, SASL address, prefix of every name it makes, scenario names (else all).
 */
public final class Main {
  private static final int AT_A_TIME = 4;

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
    // Most of a scenario is waiting for a broker's timers: several run at a time.
    ExecutorService threads = Executors.newFixedThreadPool(AT_A_TIME);
    for (var scenario : scenarios.entrySet()) {
      if (!wanted.isEmpty() && !wanted.contains(scenario.getKey())) continue;
      threads.submit(() -> tell(scenario.getKey(), Outcome.of(scenario.getValue())));
    }
    threads.shutdown();
    threads.awaitTermination(4, TimeUnit.MINUTES);
    // Threads of a client that waits for its own time-out do not hold the program up.
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static synchronized void tell(String scenario, Object outcome) {
    System.out.println(Json.of(Outcome.map("scenario", scenario, "outcome", outcome)));
  }
}
