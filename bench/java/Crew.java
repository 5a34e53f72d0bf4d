import java.util.concurrent.Phaser;
import java.util.function.IntConsumer;

/** Threads that live from run to run. Between runs they are parked and use no CPU. */
final class Crew {
  private static final int STRIDE = 16; // longs; two cache lines for each worker

  private final Phaser start;
  private final Phaser finish;
  private final long[] begins; // written by the workers, read by run() when all are done
  private final long[] ends;
  private IntConsumer work; // written before `start`, read after it; null: the threads end

  Crew(PeerSystem system, int size) {
    start = new Phaser(size + 1);
    finish = new Phaser(size + 1);
    begins = new long[size * STRIDE];
    ends = new long[size * STRIDE];
    for (int i = 0; i < size; ++i) {
      int worker = i;
      system.newThread(() -> serve(worker)).start();
    }
  }

  /**
   * Has every worker do its work at once. Returns the seconds from the first one's start to the last one's
   * end.
   */
  double run(IntConsumer workOfEach) {
    work = workOfEach;
    start.arriveAndAwaitAdvance();
    finish.arriveAndAwaitAdvance();
    long first = begins[0];
    long last = ends[0];
    for (int i = STRIDE; i < begins.length; i += STRIDE) {
      first = Math.min(first, begins[i]);
      last = Math.max(last, ends[i]);
    }
    return (last - first) * 1e-9;
  }

  void end() {
    work = null;
    start.arriveAndAwaitAdvance();
  }

  private void serve(int worker) {
    for (; ; ) {
      start.arriveAndAwaitAdvance();
      if (work == null) return;
      begins[worker * STRIDE] = System.nanoTime();
      work.accept(worker);
      ends[worker * STRIDE] = System.nanoTime();
      finish.arriveAndAwaitAdvance();
    }
  }
}
