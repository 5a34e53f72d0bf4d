/** ../cases/pair.hpp. */
final class PairCase extends LoopCase {
  private final PeerPool pool;

  PairCase(PeerPool pool) {
    this.pool = pool;
  }

  @Override
  void work(int worker, long repeats) {
    for (long i = 0; i < repeats; ++i) {
      Payload object = pool.get();
      object.touch(i);
      pool.put(object);
    }
  }
}
