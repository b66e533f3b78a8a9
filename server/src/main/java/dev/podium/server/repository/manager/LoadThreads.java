package dev.podium.server.repository.manager;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads that load versions, so many at once. They have a larger stack than others: compilers,
 * ours and the runtime's, walk graphs that may be thousands of operators deep. There is no thread
 * while nothing is loaded.
 */
public final class LoadThreads {
  /** Address space, of which a load takes what it needs. */
  private static final long STACK_BYTES = 64L << 20;

  private static final int IDLE_SECONDS = 10;

  private LoadThreads() {}

  /**
   * An executor of such threads; what waits for one waits in a queue that the number of versions
   * bounds.
   */
  public static ThreadPoolExecutor atOnce(int most) {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            most,
            most,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(null, task, "podium-load", STACK_BYTES);
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}
