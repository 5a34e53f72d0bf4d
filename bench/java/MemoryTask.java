import java.io.IOException;

/**
 * The workers take objects of so many bytes in all when a line arrives, and put them when the next one does;
 * then there is only a light load until the input ends.
 */
final class MemoryTask {
  private static final int LIGHT_LOAD_OBJECTS = 10;
  private static final int LIGHT_LOAD_EVERY_MILLISECONDS = 10;

  private MemoryTask() {}

  static void run(PeerSystem system, long bytes, int threads) throws IOException {
    PeerPool pool = system.newPool();
    Crew crew = new Crew(system, threads);
    Payload[][] held = new Payload[threads][];
    int share = (int) (bytes / Payload.BYTES / threads);

    System.out.println("start");
    readLine();
    crew.run(worker -> held[worker] = takeAndFill(pool, share));
    System.out.println("full");
    readLine();
    crew.run(
        worker -> {
          for (Payload object : held[worker]) pool.put(object);
          held[worker] = null; // only the pool knows the objects now
        });
    System.out.println("empty");
    system.newThread(() -> crew.run(worker -> loadLightly(pool, worker))).start();
    while (System.in.read() >= 0) {}
  }

  private static void readLine() throws IOException {
    for (int c = System.in.read(); c >= 0 && c != '\n'; c = System.in.read()) {}
  }

  private static Payload[] takeAndFill(PeerPool pool, int count) {
    Payload[] objects = new Payload[count];
    for (int i = 0; i < count; ++i) {
      objects[i] = pool.get();
      objects[i].fill(i);
    }
    return objects;
  }

  private static void loadLightly(PeerPool pool, int worker) {
    Payload[] held = new Payload[LIGHT_LOAD_OBJECTS];
    while (worker == 0) {
      for (int i = 0; i < held.length; ++i) {
        held[i] = pool.get();
        held[i].touch(i);
      }
      for (int i = 0; i < held.length; ++i) {
        pool.put(held[i]);
        held[i] = null;
      }
      sleep();
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(LIGHT_LOAD_EVERY_MILLISECONDS);
    } catch (InterruptedException nobodyDoes) {
      throw new IllegalStateException(nobodyDoes);
    }
  }
}
