import io.netty.util.Recycler;
import io.netty.util.concurrent.FastThreadLocalThread;

/**
 * Netty's Recycler with its default limits. Each thread keeps up to 4096 objects. Of those that come back for
 * the first time it keeps one in nine, and of those that come back from another thread one in nine of one in
 * nine: so in a handover nearly all objects are new.
 */
final class NettyRecyclerSystem extends PeerSystem {
  @Override
  String version() {
    return "netty-common " + Recycler.class.getPackage().getImplementationVersion();
  }

  @Override
  PeerPool newPool() {
    return new Pool();
  }

  /** As Netty's own threads are: others find their part of a pool in a slower way. */
  @Override
  Thread newThread(Runnable work) {
    Thread thread = new FastThreadLocalThread(work);
    thread.setDaemon(true);
    return thread;
  }

  private static final class Recyclable extends Payload {
    private final Recycler.Handle<Recyclable> handle;

    Recyclable(Recycler.Handle<Recyclable> handle) {
      this.handle = handle;
    }
  }

  private static final class Pool extends PeerPool {
    private final Recycler<Recyclable> recycler =
        new Recycler<>() {
          @Override
          protected Recyclable newObject(Handle<Recyclable> handle) {
            return new Recyclable(handle);
          }
        };

    @Override
    Payload get() {
      return recycler.get();
    }

    @Override
    void put(Payload object) {
      Recyclable mine = (Recyclable) object;
      mine.handle.recycle(mine);
    }
  }
}
