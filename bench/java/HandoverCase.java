/** ../cases/handover.hpp: every other worker gets objects, the one after it puts them. */
final class HandoverCase extends LoopCase {
  private final PeerPool pool;
  private final Ring[] rings; // empty between runs

  HandoverCase(PeerPool pool, int threads) {
    this.pool = pool;
    rings = new Ring[threads / 2];
    for (int i = 0; i < rings.length; ++i) rings[i] = new Ring();
  }

  @Override
  void work(int worker, long repeats) {
    if (worker % 2 == 0) {
      produce(rings[worker / 2], repeats);
    } else {
      consume(rings[worker / 2], repeats);
    }
  }

  private void produce(Ring ring, long repeats) {
    Ring.Producer out = ring.producer();
    for (long i = 0; i < repeats; ++i) {
      Payload object = pool.get();
      object.touch(i);
      out.push(object);
    }
    out.publish();
  }

  private void consume(Ring ring, long repeats) {
    Ring.Consumer in = ring.consumer();
    for (long i = 0; i < repeats; ++i) {
      Payload object = in.pop();
      object.touch(i);
      pool.put(object);
    }
    in.publish();
  }
}
