package dev.podium.server.engine.tune;

import dev.podium.server.fault.RankException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Times runs by the processor time of this thread, which neighbours on the machine disturb less
 * than the clock on the wall. Right only for runs that stay on the calling thread.
 */
final class ProcessorTimeMeter implements CostMeter {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int LEAST_RUNS = 3;
  private static final int MOST_RUNS = 200;
  private static final long MOST_SETTLING_NANOS = 2_000_000_000;

  /** Held while something is timed: models that load at once share caches and memory's width. */
  private static final ReentrantLock ONE_AT_A_TIME = new ReentrantLock();

  private final boolean threadTime;

  /**
   * @param onCallingThread whether runs stay on the calling thread; the clock on the wall is used
   *     otherwise
   */
  ProcessorTimeMeter(boolean onCallingThread) {
    this.threadTime = onCallingThread && THREADS.isCurrentThreadCpuTimeSupported();
  }

  /** Waits while another thread times something. */
  @Override
  public double[] micros(String what, long budgetNanos, Run... alternatives) throws RankException {
    ONE_AT_A_TIME.lock();
    try {
      return medians(budgetNanos, alternatives);
    } finally {
      ONE_AT_A_TIME.unlock();
    }
  }

  private double[] medians(long budgetNanos, Run... alternatives) throws RankException {
    for (Run run : alternatives) {
      run.run();
    }
    long[][] times = new long[alternatives.length][MOST_RUNS];
    int rounds = 0;
    long start = System.nanoTime();
    while (rounds < LEAST_RUNS || (rounds < MOST_RUNS && System.nanoTime() - start < budgetNanos)) {
      for (int i = 0; i < alternatives.length; i++) {
        long before = now();
        alternatives[i].run();
        times[i][rounds] = now() - before;
      }
      rounds++;
    }
    double[] medians = new double[alternatives.length];
    for (int i = 0; i < medians.length; i++) {
      long[] sorted = Arrays.copyOf(times[i], rounds);
      Arrays.sort(sorted);
      medians[i] = Math.max(1, sorted[rounds / 2]) / 1e3;
    }
    return medians;
  }

  @Override
  public void settle(Run run, double enoughMicros) throws RankException {
    long start = now();
    long before;
    long after = start;
    do {
      before = after;
      run.run();
      after = now();
    } while ((after - before) / 1e3 > enoughMicros && after - start < MOST_SETTLING_NANOS);
  }

  private long now() {
    return threadTime ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
  }
}
