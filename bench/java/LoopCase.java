/** A case whose workers repeat something. */
abstract class LoopCase implements ServedCase {
  private static final double ROUND_SECONDS = 0.05;
  private static final long REPEATS_OF_A_CALL = 16;

  abstract void work(int worker, long repeats);

  @Override
  public final String figures(Crew crew, long repeats) {
    return "seconds=" + crew.run(worker -> work(worker, repeats));
  }

  /**
   * In many short calls: for a method that is called a few times only, the JIT compiles nothing but the loop
   * in it, and each call begins in the interpreter.
   */
  @Override
  public final void warmUp(Crew crew) {
    long[] calls = {1};
    WarmUp.repeat(
        () -> {
          double seconds = crew.run(worker -> workOften(worker, calls[0]));
          if (seconds < ROUND_SECONDS) calls[0] *= 2;
          return seconds;
        });
  }

  private void workOften(int worker, long calls) {
    for (long i = 0; i < calls; ++i) work(worker, REPEATS_OF_A_CALL);
  }
}
