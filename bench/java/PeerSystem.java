/**
 * One of the systems. An abstract class rather than an interface because the JIT calls its methods directly
 * while there is a single subclass; likewise PeerPool.
 */
abstract class PeerSystem {
  /** Its name and version. */
  abstract String version();

  abstract PeerPool newPool();

  /** A thread as the system wants it, not yet started, that ends with the process at the latest. */
  Thread newThread(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    return thread;
  }
}
