/** A pool whose users wait when all that may be open is in use. One subclass in a process: see PeerSystem. */
abstract class BoundedPool {
  abstract Object acquire();

  /** The work of a user with what acquire() returned, as far as its memory can be reached for nothing. */
  abstract void touch(Object resource, long value);

  abstract void release(Object resource);

  abstract void close();
}
