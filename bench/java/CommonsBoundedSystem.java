import java.time.Duration;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;

/** GenericObjectPool of Apache commons-pool2 with a bound. Nothing is tested, and nothing evicted. */
class CommonsBoundedSystem extends BoundedSystem {
  private final boolean isFair;

  /** As it is by default: who waits may be passed over. */
  CommonsBoundedSystem() {
    this(false);
  }

  CommonsBoundedSystem(boolean isFair) {
    this.isFair = isFair;
  }

  @Override
  String version() {
    return CommonsPoolSystem.libraryVersion();
  }

  @Override
  BoundedPool newBoundedPool(int capacity) {
    GenericObjectPoolConfig<Payload> config = new GenericObjectPoolConfig<>();
    config.setMaxTotal(capacity);
    config.setMaxIdle(capacity);
    config.setBlockWhenExhausted(true);
    config.setMaxWait(Duration.ofSeconds(30));
    config.setFairness(isFair);
    config.setJmxEnabled(false); // default true: registers each pool with the JVM's management
    return new Pool(new GenericObjectPool<>(new CommonsPoolSystem.Maker(), config));
  }

  private static final class Pool extends BoundedPool {
    private final GenericObjectPool<Payload> pool;

    Pool(GenericObjectPool<Payload> pool) {
      this.pool = pool;
    }

    @Override
    Object acquire() {
      try {
        return pool.borrowObject();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    void touch(Object resource, long value) {
      ((Payload) resource).touch(value);
    }

    @Override
    void release(Object resource) {
      pool.returnObject((Payload) resource);
    }

    @Override
    void close() {
      pool.close();
    }
  }
}
