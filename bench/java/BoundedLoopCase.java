/** ../cases/bounded.hpp: as many threads as may have a resource. */
final class BoundedLoopCase extends LoopCase {
  private final BoundedPool pool;

  BoundedLoopCase(BoundedPool pool) {
    this.pool = pool;
  }

  @Override
  void work(int worker, long repeats) {
    for (long i = 0; i < repeats; ++i) {
      Object resource = pool.acquire();
      pool.touch(resource, i);
      pool.release(resource);
    }
  }
}
