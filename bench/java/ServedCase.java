/** What each worker does with a pool in a run. */
interface ServedCase {
  /** Runs the case and says what it showed, as name=value ... */
  String figures(Crew crew, long repeats);

  /** Runs the case until the JIT has had its time. */
  void warmUp(Crew crew);
}
