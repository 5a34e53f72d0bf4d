import java.util.Arrays;

/** ../harness/histogram.hpp: counts of durations, exact below 64, within 3 % above; and the longest one. */
final class Histogram {
  private static final int STEPS = 32;

  private final long[] counts = new long[STEPS * 60];
  private long max;

  void clear() {
    Arrays.fill(counts, 0);
    max = 0;
  }

  void add(long value) {
    ++counts[bucketOf(value)];
    if (value > max) max = value;
  }

  void add(Histogram other) {
    for (int i = 0; i < counts.length; ++i) counts[i] += other.counts[i];
    max = Math.max(max, other.max);
  }

  long max() {
    return max;
  }

  /** The smallest value that a share q (0 .. 1) of what was added does not exceed. */
  long percentile(double q) {
    long wanted = (long) (q * Arrays.stream(counts).sum());
    long seen = 0;
    for (int bucket = 0; bucket < counts.length; ++bucket) {
      seen += counts[bucket];
      if (seen > wanted) return valueOf(bucket);
    }
    return 0;
  }

  private static int bucketOf(long value) {
    if (value < STEPS) return (int) value;
    int shift = Long.SIZE - Long.numberOfLeadingZeros(value) - 6;
    return STEPS * shift + (int) (value >> shift);
  }

  private static long valueOf(int bucket) {
    if (bucket < 2 * STEPS) return bucket;
    int shift = bucket / STEPS - 1;
    return (long) (bucket - STEPS * shift) << shift;
  }
}
