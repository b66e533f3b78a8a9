package dev.podium.server.telemetry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The process's resident memory as Linux counts it, by kind. The runtime's arenas are in the
 * anonymous part, beside the JVM's heap: its Java interface tells nothing of them.
 */
final class ProcessMemory {
  private static final Pattern LINE =
      Pattern.compile("^Rss(Anon|File|Shmem):\\s+(\\d+) kB$", Pattern.MULTILINE);

  private final Path file;

  /**
   * @param file {@code /proc/self/status}
   */
  ProcessMemory(Path file) {
    this.file = file;
  }

  /** Bytes by kind: anonymous, file, shared. Empty where the system doesn't say. */
  Map<String, Long> read() {
    Map<String, Long> bytes = new TreeMap<>();
    try {
      Matcher lines = LINE.matcher(Files.readString(file));
      while (lines.find()) {
        String kind =
            switch (lines.group(1)) {
              case "Anon" -> "anonymous";
              case "File" -> "file";
              default -> "shared";
            };
        bytes.put(kind, Long.parseLong(lines.group(2)) * 1024);
      }
    } catch (IOException e) {
      return Map.of(); // another system than Linux
    }
    return bytes;
  }
}
