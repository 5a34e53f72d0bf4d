import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

/** The conversation that ../harness/foreign_peer.hpp describes. */
final class Session {
  private final PeerSystem system;
  private ServedCase current; // null: no case is open
  private Crew crew;
  private PeerPool pool;

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
    pool = system.newPool();
    current = caseOf(name, threads);
    crew = new Crew(system, threads);
    current.warmUp(crew);
    return "ok";
  }

  private String close() {
    crew.end();
    pool.close();
    current = null;
    crew = null;
    pool = null;
    return "ok";
  }

  private ServedCase caseOf(String name, int threads) {
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

  private static String whyNot(String name, int threads) {
    return switch (name) {
      case "pair", "burst_10", "burst_100", "burst_1000", "latency_alone", "latency_crowded" -> null;
      case "handover" -> threads % 2 == 0 ? null : "only for an even number of threads";
      case "starvation" -> "it has no get that may return nothing";
      case "shifting" -> "Java cannot move a thread to a CPU";
      case "latency_cycles", "latency_uncycled" -> "it has no cycles of its own";
      default -> "case of this name here";
    };
  }
}
