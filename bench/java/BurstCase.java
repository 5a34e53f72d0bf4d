/** ../cases/burst.hpp. */
final class BurstCase extends LoopCase {
  private final PeerPool pool;
  private final Payload[][] held; // by worker

  BurstCase(PeerPool pool, int threads, int size) {
    this.pool = pool;
    held = new Payload[threads][size];
  }

  @Override
  void work(int worker, long repeats) {
    for (long i = 0; i < repeats; ++i) once(held[worker], i);
  }

  private void once(Payload[] objects, long value) {
    for (int k = 0; k < objects.length; ++k) {
      objects[k] = pool.get();
      objects[k].touch(value);
    }
    for (Payload object : objects) pool.put(object);
  }
}
