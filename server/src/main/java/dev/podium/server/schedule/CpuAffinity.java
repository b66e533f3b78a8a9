package dev.podium.server.schedule;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;

/**
 * On which processors threads may run: Linux's <a
 * href="https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html">sched_setaffinity(2)</a>.
 */
public final class CpuAffinity {
  /** Processors that a mask has room for: the most that Linux can be built with. */
  public static final int MAX_CPUS = 8_192;

  private CpuAffinity() {}

  /** The C library's calls; thread 0 is the one that calls. */
  private interface LibC extends Library {
    int sched_getaffinity(int thread, NativeLong bytes, long[] mask) throws LastErrorException;

    int sched_setaffinity(int thread, NativeLong bytes, long[] mask) throws LastErrorException;
  }

  /**
   * The processors that the calling thread may run on.
   *
   * @throws IOException if this operating system doesn't say
   */
  static BitSet allowed() throws IOException {
    long[] mask = new long[MAX_CPUS / Long.SIZE];
    try {
      libC().sched_getaffinity(0, new NativeLong(MAX_CPUS / Byte.SIZE), mask);
    } catch (LastErrorException e) {
      throw new IOException("sched_getaffinity: " + e.getMessage(), e);
    }
    return BitSet.valueOf(mask);
  }

  /**
   * Checks that the calling thread may run on all of these processors.
   *
   * @throws IOException if it may not, or this operating system can't bind threads
   */
  public static void check(List<Integer> cpus) throws IOException {
    BitSet allowed = allowed();
    for (int cpu : cpus) {
      if (!allowed.get(cpu)) {
        throw new IOException(
            cpu + " (expected: of the processors that this process may use, " + allowed + ")");
      }
    }
  }

  /**
   * Keeps the calling thread on one processor from now on.
   *
   * @throws IOException if it may not run there
   */
  static void bind(int cpu) throws IOException {
    BitSet one = new BitSet(MAX_CPUS);
    one.set(cpu);
    long[] mask = one.toLongArray();
    try {
      libC().sched_setaffinity(0, new NativeLong((long) mask.length * Long.BYTES), mask);
    } catch (LastErrorException e) {
      throw new IOException("sched_setaffinity to processor " + cpu + ": " + e.getMessage(), e);
    }
  }

  private static LibC libC() throws IOException {
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new IOException("threads can't be bound (expected: Linux)");
    }
    try {
      return Holder.LIB_C;
    } catch (LinkageError e) {
      throw new IOException("threads can't be bound: " + e.getMessage(), e);
    }
  }

  private static final class Holder {
    static final LibC LIB_C = Native.load("c", LibC.class);
  }
}
