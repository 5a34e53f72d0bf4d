import java.util.concurrent.atomic.AtomicLongArray;

/**
 * ../harness/spsc_queue.hpp: for one producer and one consumer, who tell each other only every so often how
 * far they are.
 */
final class Ring {
  private static final int SIZE = 1024;
  private static final int BATCH = 64;
  // Where the positions lie in `published`: two cache lines from each other and from other objects.
  private static final int TAIL = 16;
  private static final int HEAD = 32;

  private final Payload[] items = new Payload[SIZE];
  private final AtomicLongArray published = new AtomicLongArray(48);

  /** The producer's end, made anew by its thread for each run. */
  Producer producer() {
    return new Producer();
  }

  /** The consumer's end, likewise. */
  Consumer consumer() {
    return new Consumer();
  }

  final class Producer {
    private long tail = published.getPlain(TAIL);
    private long headSeen = published.getAcquire(HEAD);

    void push(Payload object) {
      while (tail - headSeen == SIZE) {
        publish();
        headSeen = waitForChange(HEAD, headSeen);
      }
      items[(int) (tail++ % SIZE)] = object;
      if (tail % BATCH == 0) publish();
    }

    void publish() {
      published.setRelease(TAIL, tail);
    }
  }

  final class Consumer {
    private long head = published.getPlain(HEAD);
    private long tailSeen = head;

    Payload pop() {
      while (head == tailSeen) tailSeen = waitForChange(TAIL, tailSeen);
      Payload object = items[(int) (head++ % SIZE)];
      if (head % BATCH == 0) publish();
      return object;
    }

    void publish() {
      published.setRelease(HEAD, head);
    }
  }

  // The threads may share a core.
  private long waitForChange(int position, long seen) {
    for (int polls = 0; ; ++polls) {
      long now = published.getAcquire(position);
      if (now != seen) return now;
      if (polls >= 100) Thread.yield();
    }
  }
}
