/** A pool of one of the systems. */
abstract class PeerPool {
  abstract Payload get();

  abstract void put(Payload object);

  /** Gives up what is in the pool, as far as a user can. */
  void close() {}
}
