import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.DoubleSupplier;

/** Gives the JIT its time before anything is measured. */
final class WarmUp {
  private static final double AT_LEAST_SECONDS = 0.3;
  private static final double AT_MOST_SECONDS = 3; // beside a busy machine's other programs
  private static final int QUIET_ROUNDS = 3;
  private static final CompilationMXBean JIT = ManagementFactory.getCompilationMXBean();

  private WarmUp() {}

  /** Repeats a round, which returns the seconds it took, until the JIT had nothing to do in some. */
  static void repeat(DoubleSupplier round) {
    double taken = 0;
    int quiet = 0;
    while (taken < AT_LEAST_SECONDS || quiet < QUIET_ROUNDS && taken < AT_MOST_SECONDS) {
      long before = JIT.getTotalCompilationTime();
      taken += round.getAsDouble();
      quiet = JIT.getTotalCompilationTime() == before ? quiet + 1 : 0;
    }
  }
}
