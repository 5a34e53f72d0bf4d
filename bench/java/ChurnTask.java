/** One thread after another, each of which uses the pool once and ends. */
final class ChurnTask {
  private static final int OBJECTS = 10;
  private static final long WARM_UP_THREADS = 100;

  private ChurnTask() {}

  static void run(PeerSystem system, long count) throws InterruptedException {
    PeerPool pool = system.newPool();
    for (long i = 0; i < WARM_UP_THREADS; ++i) liveAndEnd(system, pool);
    long before = Resident.kib();
    long start = System.nanoTime();
    for (long i = 0; i < count; ++i) liveAndEnd(system, pool);
    double seconds = (System.nanoTime() - start) * 1e-9;
    System.out.println(
        "{\"seconds\":" + seconds
            + ",\"rss_before_kib\":" + before
            + ",\"rss_after_kib\":" + Resident.kib() + "}");
  }

  private static void liveAndEnd(PeerSystem system, PeerPool pool) throws InterruptedException {
    Thread thread = system.newThread(() -> useOnce(pool));
    thread.start();
    thread.join();
  }

  private static void useOnce(PeerPool pool) {
    Payload[] held = new Payload[OBJECTS];
    for (int i = 0; i < OBJECTS; ++i) {
      held[i] = pool.get();
      held[i].touch(i);
    }
    for (Payload object : held) pool.put(object);
  }
}
