import java.util.Arrays;

/** ../cases/bounded.hpp: a crowd that shares few. */
final class BoundedCrowdCase implements ServedCase {
  static final int CAPACITY = 8;

  private static final long ROUND_MILLISECONDS = 50;
  private static final int COMPUTED_STEPS = 5000;

  enum HeldFor {
    NOTHING,
    COMPUTING,
    SLEEPING
  }

  private static final class Seen {
    final Histogram waited = new Histogram();
    final Histogram held = new Histogram();
    long acquires;

    void clear() {
      waited.clear();
      held.clear();
      acquires = 0;
    }
  }

  private final BoundedPool pool;
  private final HeldFor heldFor;
  private final Seen[] seen; // by worker

  BoundedCrowdCase(BoundedPool pool, int threads, HeldFor heldFor) {
    this.pool = pool;
    this.heldFor = heldFor;
    seen = new Seen[threads];
    for (int i = 0; i < threads; ++i) seen[i] = new Seen();
  }

  @Override
  public String figures(Crew crew, long milliseconds) {
    double seconds = measure(crew, milliseconds);
    Seen all = new Seen();
    for (Seen one : seen) {
      all.waited.add(one.waited);
      all.held.add(one.held);
    }
    long[] acquires = Arrays.stream(seen).mapToLong(one -> one.acquires).sorted().toArray();
    return "seconds=" + seconds
        + " acquires=" + Arrays.stream(acquires).sum()
        + " fewest=" + acquires[0]
        + " most=" + acquires[acquires.length - 1]
        + " wait_p50=" + all.waited.percentile(0.5)
        + " wait_p99=" + all.waited.percentile(0.99)
        + " wait_max=" + all.waited.max()
        + " held_p50=" + all.held.percentile(0.5);
  }

  @Override
  public void warmUp(Crew crew) {
    WarmUp.repeat(() -> measure(crew, ROUND_MILLISECONDS));
  }

  private double measure(Crew crew, long milliseconds) {
    long end = System.nanoTime() + milliseconds * 1_000_000;
    return crew.run(
        worker -> {
          seen[worker].clear();
          takeTurns(seen[worker], end);
        });
  }

  private void takeTurns(Seen mine, long end) {
    for (long start = System.nanoTime(); start - end < 0; start = System.nanoTime()) {
      Object resource = pool.acquire();
      long got = System.nanoTime();
      long value = hold(mine.acquires);
      long done = heldFor == HeldFor.NOTHING ? got : System.nanoTime();
      pool.touch(resource, value);
      pool.release(resource);
      mine.waited.add(got - start);
      mine.held.add(done - got);
      ++mine.acquires;
    }
  }

  private long hold(long value) {
    switch (heldFor) {
      case COMPUTING:
        return compute(value);
      case SLEEPING:
        try {
          Thread.sleep(1);
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        return value;
      default:
        return value;
    }
  }

  private static long compute(long value) {
    long x = value | 1;
    for (int i = 0; i < COMPUTED_STEPS; ++i) {
      x ^= x << 13;
      x ^= x >>> 7;
      x ^= x << 17;
    }
    return x;
  }
}
