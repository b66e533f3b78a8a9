package dev.podium.loadtest.arrivals;

import dev.podium.loadtest.fault.InputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** How arrivals are spread around a mean rate. */
public sealed interface ArrivalShape {

  /** Arrivals at equal distances. */
  record Constant() implements ArrivalShape {
    @Override
    public String toString() {
      return "constant";
    }
  }

  /**
   * Independent arrivals: exponential distances, as from many users who know nothing of each other.
   */
  record Poisson() implements ArrivalShape {
    @Override
    public String toString() {
      return "poisson";
    }
  }

  /**
   * Groups of requests that are due at the same instant, the groups at equal distances.
   *
   * @param size requests in a group, at least 1
   */
  record Bursts(int size) implements ArrivalShape {
    @Override
    public String toString() {
      return "bursts:" + size;
    }
  }

  /** Arrivals recorded elsewhere: nanoseconds since the first of them, never decreasing. */
  final class Replay implements ArrivalShape {
    private final String source;
    private final long[] offsets;

    /**
     * A replay.
     *
     * @param source where the times came from, for messages
     */
    Replay(String source, long... offsets) {
      this.source = source;
      this.offsets = offsets.clone();
    }

    /** Number of arrivals. */
    public int size() {
      return offsets.length;
    }

    /** When an arrival is due, in nanoseconds after the first. */
    public long offsetNanos(int arrival) {
      return offsets[arrival];
    }

    @Override
    public String toString() {
      return "replay:" + source;
    }
  }

  /**
   * Reads {@code constant}, {@code poisson}, {@code bursts:SIZE} or {@code replay:FILE}. A replay
   * file has one time in seconds a line, from any origin, never decreasing; blank lines and lines
   * that begin with {@code #} are left out.
   *
   * @throws InputException naming the text, or the file and its line
   */
  static ArrivalShape parse(String text) {
    int colon = text.indexOf(':');
    String kind = colon < 0 ? text : text.substring(0, colon);
    String argument = colon < 0 ? "" : text.substring(colon + 1);
    if (text.equals("constant")) {
      return new Constant();
    }
    if (text.equals("poisson")) {
      return new Poisson();
    }
    if (kind.equals("bursts") && argument.matches("[1-9][0-9]{0,5}")) {
      return new Bursts(Integer.parseInt(argument));
    }
    if (kind.equals("replay") && !argument.isEmpty()) {
      return new Replay(argument, readTimes(Path.of(argument)));
    }
    throw new InputException(
        "arrivals: '" + text + "' (expected: constant, poisson, bursts:SIZE or replay:FILE)");
  }

  private static long[] readTimes(Path file) {
    long[] times = new long[1024];
    int count = 0;
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        String entry = line.strip();
        if (entry.isEmpty() || entry.startsWith("#")) {
          continue;
        }
        long nanos = nanos(file, number, entry);
        if (count > 0 && nanos < times[count - 1]) {
          throw new InputException(
              file + ":" + number + ": " + entry + " s (expected: not before the line above it)");
        }
        if (count == ArrivalPlan.MAX_ARRIVALS) {
          throw new InputException(
              file + ": more than " + count + " arrivals (expected: at most that many)");
        }
        if (count == times.length) {
          times = Arrays.copyOf(times, times.length * 2);
        }
        times[count++] = nanos;
      }
    } catch (IOException e) {
      throw new InputException(file + ": can't be read (expected: one time in seconds a line)", e);
    }
    if (count == 0) {
      throw new InputException(file + ": no arrivals (expected: one time in seconds a line)");
    }
    long origin = times[0];
    long[] offsets = new long[count];
    for (int i = 0; i < count; i++) {
      offsets[i] = times[i] - origin;
    }
    return offsets;
  }

  private static long nanos(Path file, int line, String entry) {
    try {
      // Decimal arithmetic: epoch times with nanoseconds have more digits than a double holds.
      return new java.math.BigDecimal(entry)
          .movePointRight(9)
          .setScale(0, java.math.RoundingMode.HALF_EVEN)
          .longValueExact();
    } catch (ArithmeticException | NumberFormatException e) {
      throw new InputException(
          file + ":" + line + ": '" + entry + "' (expected: a time in seconds)", e);
    }
  }
}
