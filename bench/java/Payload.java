import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/** The object that every system of the suite hands out: 1 KiB, which Java zeroes when it makes one. */
class Payload {
  static final int BYTES = 1024;
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] words = new long[BYTES / Long.BYTES];

  /** The work of every use: one store that the compiler may not leave out, and that costs no more than one. */
  final void touch(long value) {
    WORDS.setOpaque(words, 0, value);
  }

  /** Makes all pages of the object resident. */
  final void fill(long value) {
    Arrays.fill(words, value);
  }
}
