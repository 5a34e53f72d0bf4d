/** Makes many pools and uses each a little. What a pool costs includes the object of 1 KiB in it. */
final class PoolsTask {
  private static final int PASSES = 10;

  private final PeerSystem system;
  private PeerPool[] pools;

  private PoolsTask(PeerSystem system, int count) {
    this.system = system;
    pools = new PeerPool[count];
  }

  static void run(PeerSystem system, int count) throws InterruptedException {
    PoolsTask task = new PoolsTask(system, count);
    Thread thread = system.newThread(task::measure);
    thread.start();
    thread.join();
  }

  private void measure() {
    int count = pools.length;
    System.gc(); // what starting the JVM left behind
    long before = Resident.kib();
    long start = System.nanoTime();
    for (int i = 0; i < count; ++i) {
      pools[i] = system.newPool();
      useOnce(pools[i], i);
    }
    double made = System.nanoTime() - start;
    long after = Resident.kib();

    start = System.nanoTime();
    for (int pass = 0; pass < PASSES; ++pass) {
      for (PeerPool pool : pools) useOnce(pool, pass);
    }
    double used = System.nanoTime() - start;

    start = System.nanoTime();
    for (PeerPool pool : pools) pool.close();
    pools = null;
    System.gc();
    double dropped = System.nanoTime() - start;
    System.out.println(
        "{\"make_ns\":" + made / count
            + ",\"pair_ns\":" + used / count / PASSES
            + ",\"rss_per_pool_bytes\":" + (after - before) * 1024.0 / count
            + ",\"drop_ns\":" + dropped / count + "}");
  }

  private static void useOnce(PeerPool pool, long value) {
    Payload object = pool.get();
    object.touch(value);
    pool.put(object);
  }
}
