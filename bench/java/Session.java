import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Locale;

/** The conversation that ../harness/foreign_peer.hpp describes. */
final class Session {
  private final PeerSystem system;
  private ServedCase current; // null: no case is open
  private Crew crew;
  private Runnable closing; // of the case's pool

  Session(PeerSystem system) {
    this.system = system;
  }

  /** Answers commands until the input ends. */
  void serve() throws IOException {
    System.out.println("ready " + system.version() + ", OpenJDK " + System.getProperty("java.version"));
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      System.out.println(answer(line.trim()));
    }
  }

  private String answer(String command) {
    String[] words = command.split(" +");
    if (current == null && command.matches("open \\w+ [1-9]\\d{0,3}")) {
      return open(words[1], Integer.parseInt(words[2]));
    }
    if (current != null && command.matches("run [1-9]\\d{0,17}")) {
      return current.figures(crew, Long.parseLong(words[1]));
    }
    if (current != null && command.equals("close")) return close();
    return "error: not `open CASE THREADS`, and then `run REPEATS` or `close`: " + command;
  }

  private String open(String name, int threads) {
    String whyNot = whyNot(name, threads);
    if (whyNot != null) return "no " + whyNot;
    current =
        system instanceof BoundedSystem bounded
            ? boundedCaseOf(name, threads, bounded)
            : caseOf(name, threads);
    crew = new Crew(system, threads);
    current.warmUp(crew);
    return "ok";
  }

  private String close() {
    crew.end();
    closing.run();
    current = null;
    crew = null;
    closing = null;
    return "ok";
  }

  private ServedCase caseOf(String name, int threads) {
    PeerPool pool = system.newPool();
    closing = pool::close;
    return switch (name) {
      case "pair" -> new PairCase(pool);
      case "burst_10" -> new BurstCase(pool, threads, 10);
      case "burst_100" -> new BurstCase(pool, threads, 100);
      case "burst_1000" -> new BurstCase(pool, threads, 1000);
      case "handover" -> new HandoverCase(pool, threads);
      case "latency_alone", "latency_crowded" -> new LatencyCase(pool, threads);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private ServedCase boundedCaseOf(String name, int threads, BoundedSystem bounded) {
    boolean isCrowd = name.startsWith("bounded_crowd");
    BoundedPool pool = bounded.newBoundedPool(isCrowd ? BoundedCrowdCase.CAPACITY : threads);
    closing = pool::close;
    if (!isCrowd) return new BoundedLoopCase(pool);
    String heldFor = name.substring(name.lastIndexOf('_') + 1).toUpperCase(Locale.ROOT);
    return new BoundedCrowdCase(pool, threads, BoundedCrowdCase.HeldFor.valueOf(heldFor));
  }

  private String whyNot(String name, int threads) {
    if (name.startsWith("bounded_") != system instanceof BoundedSystem) return "it has no such cases";
    return switch (name) {
      case "pair", "burst_10", "burst_100", "burst_1000", "latency_alone", "latency_crowded" -> null;
      case "bounded_alone", "bounded_two" -> null;
      case "bounded_crowd_nothing", "bounded_crowd_computing", "bounded_crowd_sleeping" -> null;
      case "handover" -> threads % 2 == 0 ? null : "only for an even number of threads";
      case "starvation" -> "it has no get that may return nothing";
      case "shifting" -> "Java cannot move a thread to a CPU";
      case "latency_cycles", "latency_uncycled" -> "it has no cycles of its own";
      default -> "case of this name here";
    };
  }
}
