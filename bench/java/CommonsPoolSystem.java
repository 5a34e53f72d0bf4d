import java.util.Properties;
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;

/** GenericObjectPool of Apache commons-pool2. */
final class CommonsPoolSystem extends PeerSystem {
  private static final String POM = "/META-INF/maven/org.apache.commons/commons-pool2/pom.properties";

  @Override
  String version() {
    return libraryVersion();
  }

  static String libraryVersion() {
    Properties pom = new Properties();
    try (var text = GenericObjectPool.class.getResourceAsStream(POM)) {
      pom.load(text);
    } catch (Exception none) {
      return "commons-pool2 of unknown version";
    }
    return "commons-pool2 " + pom.getProperty("version");
  }

  @Override
  PeerPool newPool() {
    return new Pool();
  }

  private static final class Pool extends PeerPool {
    private final GenericObjectPool<Payload> pool = new GenericObjectPool<>(new Maker(), config());

    // As for temporary objects. What is not set stays as it is: last in, first out; nothing is tested, and
    // nothing evicted.
    private static GenericObjectPoolConfig<Payload> config() {
      GenericObjectPoolConfig<Payload> config = new GenericObjectPoolConfig<>();
      config.setMaxTotal(-1); // default 8: a get beyond would block until somebody else's put
      config.setMaxIdle(-1); // default 8: a put beyond would throw the object away
      config.setJmxEnabled(false); // default true: registers each pool with the JVM's management
      return config;
    }

    @Override
    Payload get() {
      try {
        return pool.borrowObject();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    void put(Payload object) {
      pool.returnObject(object);
    }

    @Override
    void close() {
      pool.close();
    }
  }

  static final class Maker extends BasePooledObjectFactory<Payload> {
    @Override
    public Payload create() {
      return new Payload();
    }

    @Override
    public PooledObject<Payload> wrap(Payload object) {
      return new DefaultPooledObject<>(object);
    }
  }
}
