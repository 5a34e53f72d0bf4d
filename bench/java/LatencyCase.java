/** ../cases/latency.hpp: the time of every single get and put. Each includes one reading of the clock. */
final class LatencyCase implements ServedCase {
  private static final long ROUND_MILLISECONDS = 50;

  private static final class Latencies {
    final Histogram clock = new Histogram();
    final Histogram get = new Histogram();
    final Histogram put = new Histogram();

    void clear() {
      clock.clear();
      get.clear();
      put.clear();
    }

    void add(Latencies other) {
      clock.add(other.clock);
      get.add(other.get);
      put.add(other.put);
    }
  }

  private final PeerPool pool;
  private final Latencies[] seen; // by worker

  LatencyCase(PeerPool pool, int threads) {
    this.pool = pool;
    seen = new Latencies[threads];
    for (int i = 0; i < threads; ++i) seen[i] = new Latencies();
  }

  @Override
  public String figures(Crew crew, long milliseconds) {
    measure(crew, milliseconds);
    Latencies all = new Latencies();
    for (Latencies one : seen) all.add(one);
    return percentiles("get", all.get)
        + percentiles("put", all.put)
        + "clock_p50=" + all.clock.percentile(0.5);
  }

  @Override
  public void warmUp(Crew crew) {
    WarmUp.repeat(() -> measure(crew, ROUND_MILLISECONDS));
  }

  private double measure(Crew crew, long milliseconds) {
    return crew.run(
        worker -> {
          seen[worker].clear();
          measure(seen[worker], milliseconds * 1_000_000);
        });
  }

  private void measure(Latencies mine, long length) {
    long begin = System.nanoTime();
    long done = begin;
    for (long i = 0; done - begin < length; ++i) {
      long before = System.nanoTime();
      long start = System.nanoTime();
      Payload object = pool.get();
      long got = System.nanoTime();
      object.touch(i);
      long used = System.nanoTime();
      pool.put(object);
      done = System.nanoTime();
      mine.clock.add(start - before);
      mine.get.add(got - start);
      mine.put.add(done - used);
    }
  }

  private static String percentiles(String name, Histogram of) {
    StringBuilder line = new StringBuilder();
    for (String percent : new String[] {"50", "99", "99.9", "99.99"}) {
      long value = of.percentile(Double.parseDouble(percent) / 100);
      line.append(name).append("_p").append(percent).append('=').append(value).append(' ');
    }
    return line.append(name).append("_max=").append(of.max()).append(' ').toString();
  }
}
