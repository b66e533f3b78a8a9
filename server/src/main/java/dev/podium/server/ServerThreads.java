package dev.podium.server;

import dev.podium.server.repository.manager.LoadThreads;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The threads that belong to no room. */
final class ServerThreads {
  private static final Logger LOG = Logger.getLogger(ServerThreads.class.getName());

  /** Loads and unloads that callers asked for and that are not begun. */
  private static final int MOST_CHANGES_WAITING = 16;

  private ServerThreads() {}

  /** For rare small tasks; costs nothing while there are none. */
  static ScheduledExecutorService timer() {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, "podium-timer");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** For loads and unloads that callers ask for; there is no thread while there are none. */
  static ExecutorService control() {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_CHANGES_WAITING),
            task -> {
              Thread thread = new Thread(task, "podium-control");
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  /**
   * For loads. On half of the processors: beside as many others the times that a model is tuned by
   * are off.
   */
  static ExecutorService loads() {
    return LoadThreads.atOnce(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));
  }

  /** Repeats a task; one that fails is logged and tried again. */
  static void every(Duration period, ScheduledExecutorService timer, Runnable task) {
    long nanos = period.toNanos();
    Runnable again =
        () -> {
          try {
            task.run();
          } catch (RuntimeException e) {
            LOG.log(Level.SEVERE, "a timer's task failed; it is tried again", e);
          }
        };
    Future<?> unused = timer.scheduleWithFixedDelay(again, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** Ends a pool's threads, and waits a moment for those that are busy. */
  static void close(ExecutorService pool) {
    pool.shutdownNow();
    try {
      pool.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
