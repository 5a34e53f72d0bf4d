/** The same with the locks that serve their waiters in turn. */
final class CommonsFairSystem extends CommonsBoundedSystem {
  CommonsFairSystem() {
    super(true);
  }
}
