import java.util.Arrays;
import java.util.Map;

/**
 * Runs a pool of Java beside ebbpool: as a system of its own that answers commands (Session.java, and
 * ../harness/foreign_peer.hpp), or for one of the tasks that take a process each.
 */
public final class Peer {
  private static final String USAGE =
      "usage: Peer serve SYSTEM | memory SYSTEM BYTES THREADS | churn SYSTEM COUNT | pools SYSTEM COUNT"
          + " with a SYSTEM of commons_pool2, netty_recycler; serve also of commons_bounded, commons_fair,"
          + " hikaricp";
  private static final Map<String, String> CLASSES =
      Map.of(
          "commons_pool2", "CommonsPoolSystem",
          "netty_recycler", "NettyRecyclerSystem",
          "commons_bounded", "CommonsBoundedSystem",
          "commons_fair", "CommonsFairSystem",
          "hikaricp", "HikariSystem");

  private Peer() {}

  public static void main(String[] words) throws Exception {
    // A thread that fails would be waited for in vain.
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> {
          failure.printStackTrace();
          Runtime.getRuntime().halt(1);
        });
    if (words.length < 2) fail(USAGE);
    PeerSystem system = systemOf(words[1]);
    long[] numbers = Arrays.stream(words).skip(2).mapToLong(Peer::number).toArray();
    if (system instanceof BoundedSystem && !words[0].equals("serve")) fail(USAGE);
    switch (words[0] + " " + numbers.length) {
      case "serve 0" -> new Session(system).serve();
      case "memory 2" -> MemoryTask.run(system, numbers[0], (int) numbers[1]);
      case "churn 1" -> ChurnTask.run(system, numbers[0]);
      case "pools 1" -> PoolsTask.run(system, (int) numbers[0]);
      default -> fail(USAGE);
    }
  }

  // Only the class of the one that is asked for gets loaded: so its calls need no lookup at run time. By its
  // name, since those whose library is not installed were not compiled.
  private static PeerSystem systemOf(String name) throws Exception {
    String found = CLASSES.get(name);
    if (found == null) throw fail(USAGE);
    try {
      return (PeerSystem) Class.forName(found).getDeclaredConstructor().newInstance();
    } catch (ClassNotFoundException e) {
      throw fail(name + " was not compiled");
    }
  }

  private static long number(String word) {
    if (word.matches("[1-9][0-9]{0,17}")) return Long.parseLong(word);
    throw fail("\"" + word + "\" is not a positive number");
  }

  private static Error fail(String reason) {
    System.err.println(reason);
    System.exit(2);
    return new Error(reason);
  }
}
