import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import java.util.Set;
import javax.sql.DataSource;

/**
 * HikariCP, over connections that lead nowhere. A thread looks into a list of the connections that it has used
 * before, then into the list of all; who waits is offered what comes back, but it is not reserved. Of the
 * connection itself a pair costs one clearWarnings(), through java.lang.reflect.Proxy; its memory is not
 * touched. What was used less than half a second ago is not checked.
 */
final class HikariSystem extends BoundedSystem {
  private static final String POM = "/META-INF/maven/com.zaxxer/HikariCP/pom.properties";
  private static final Set<String> TRUE_OF = Set.of("isValid", "getAutoCommit");

  @Override
  String version() {
    Properties pom = new Properties();
    try (var text = HikariDataSource.class.getResourceAsStream(POM)) {
      pom.load(text);
    } catch (Exception none) {
      return "HikariCP of unknown version";
    }
    return "HikariCP " + pom.getProperty("version");
  }

  @Override
  BoundedPool newBoundedPool(int capacity) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(fake(DataSource.class, () -> fake(Connection.class, () -> null)));
    config.setMaximumPoolSize(capacity);
    config.setConnectionTimeout(30_000);
    return new Pool(new HikariDataSource(config));
  }

  private interface Making {
    Object make();
  }

  /** What returns an object returns what `objects` makes. */
  private static <T> T fake(Class<T> type, Making objects) {
    return type.cast(
        Proxy.newProxyInstance(
            HikariSystem.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              Class<?> returned = method.getReturnType();
              if (returned == void.class) return null;
              if (returned == boolean.class) return TRUE_OF.contains(method.getName());
              if (returned == int.class) return 0;
              return objects.make();
            }));
  }

  private static final class Pool extends BoundedPool {
    private final HikariDataSource pool;

    Pool(HikariDataSource pool) {
      this.pool = pool;
    }

    @Override
    Object acquire() {
      try {
        return pool.getConnection();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    void touch(Object resource, long value) {}

    @Override
    void release(Object resource) {
      try {
        ((Connection) resource).close();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    void close() {
      pool.close();
    }
  }
}
