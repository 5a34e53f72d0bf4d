/** A system that takes part in the cases of bounded pools, and in no others. */
abstract class BoundedSystem extends PeerSystem {
  abstract BoundedPool newBoundedPool(int capacity);

  @Override
  final PeerPool newPool() {
    throw new UnsupportedOperationException("it is for the cases of bounded pools");
  }
}
