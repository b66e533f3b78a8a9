package dev.podium.loadtest.bench;

import dev.podium.loadtest.fault.WorkFailedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * CPU time of other processes as Linux accounts it: user and system time of all threads, ended ones
 * too, in steps of 10 ms.
 */
public final class ProcessCpu {
  /** Linux reports to user space in hundredths of a second on every architecture (USER_HZ). */
  private static final long NANOS_PER_TICK = 10_000_000;

  private static final int UTIME =
      11; // counted from the field after the name, as in proc(5) less 3
  private static final int STIME = 12;

  private ProcessCpu() {}

  /**
   * CPU nanoseconds of a process and its descendants (a start script may stay as the parent).
   *
   * @throws WorkFailedException if the process is gone
   */
  public static long nanos(long pid) {
    return times(pid).nanos();
  }

  /**
   * CPU time in the process's own code and in the kernel for it.
   *
   * @param user nanoseconds
   * @param system nanoseconds
   */
  public record Times(long user, long system) {
    /** Both. */
    public long nanos() {
      return user + system;
    }

    /** What came since. */
    public Times since(Times earlier) {
      return new Times(user - earlier.user, system - earlier.system);
    }

    private Times and(Times other) {
      return new Times(user + other.user, system + other.system);
    }
  }

  /** As {@link #nanos}, split. */
  public static Times times(long pid) {
    Times total = read(pid);
    Stream<ProcessHandle> descendants =
        ProcessHandle.of(pid).map(ProcessHandle::descendants).orElse(Stream.empty());
    for (ProcessHandle child : descendants.toList()) {
      total = total.and(read(child.pid()));
    }
    return total;
  }

  /** As {@link #times}, of this process alone. */
  public static Times own() {
    return read(ProcessHandle.current().pid());
  }

  private static Times read(long pid) {
    Path stat = Path.of("/proc", Long.toString(pid), "stat");
    try {
      return parse(Files.readString(stat, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new WorkFailedException(
          "process " + pid + ": no " + stat + " (expected: a running process, on Linux)", e);
    }
  }

  /** CPU time from a line of {@code /proc/PID/stat}; the name in it may hold anything. */
  static Times parse(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return new Times(
        Long.parseLong(fields[UTIME]) * NANOS_PER_TICK,
        Long.parseLong(fields[STIME]) * NANOS_PER_TICK);
  }
}
