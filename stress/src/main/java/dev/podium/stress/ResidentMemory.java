package dev.podium.stress;

import dev.podium.loadtest.fault.WorkFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Resident memory of another process as Linux accounts it. */
final class ResidentMemory {
  private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+([0-9]+) kB$");

  private ResidentMemory() {}

  /**
   * Resident bytes of a process.
   *
   * @throws WorkFailedException if the process is gone
   */
  static long residentBytes(long pid) {
    Path status = Path.of("/proc", Long.toString(pid), "status");
    try {
      return parse(Files.readString(status));
    } catch (IOException e) {
      throw new WorkFailedException(
          "process " + pid + ": no " + status + " (expected: a running process, on Linux)", e);
    }
  }

  /** Resident bytes from the text of {@code /proc/PID/status}. */
  static long parse(String status) {
    Matcher matcher = RESIDENT.matcher(status);
    if (!matcher.find()) {
      throw new WorkFailedException("process status: no VmRSS (expected: a process that runs)");
    }
    return Long.parseLong(matcher.group(1)) * 1024;
  }
}
