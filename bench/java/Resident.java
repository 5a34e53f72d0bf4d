import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory of this process is in RAM, counted page by page: ../alone/resident.hpp. */
final class Resident {
  private Resident() {}

  static long kib() {
    try (var lines = Files.lines(Path.of("/proc/self/smaps_rollup"))) {
      String line = lines.filter(text -> text.startsWith("Rss:")).findFirst().orElseThrow();
      return Long.parseLong(line.replaceAll("\\D", ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
