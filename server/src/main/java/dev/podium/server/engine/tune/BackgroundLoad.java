package dev.podium.server.engine.tune;

import dev.podium.server.engine.tune.CostMeter.Run;
import dev.podium.server.fault.RankException;
import java.util.concurrent.CountDownLatch;

/**
 * A thread that runs what is being timed on another one, as other workers will: what two large
 * tiles need at once may not fit into the cache that they share.
 */
final class BackgroundLoad implements AutoCloseable {
  private final Run[] runs;
  private final Thread thread;
  private final CountDownLatch begun = new CountDownLatch(1);
  private volatile int current;
  private volatile boolean stopped;

  /**
   * Runs nothing yet.
   *
   * @param runs on buffers of their own
   */
  BackgroundLoad(Run[] runs) {
    this.runs = runs;
    this.thread = new Thread(this::run, "podium-background-load");
    thread.setDaemon(true);
    thread.start();
  }

  /** Runs one again and again, as soon as the one that it is at has ended. */
  void runFromNowOn(int index) {
    current = index;
    begun.countDown();
  }

  private void run() {
    try {
      begun.await();
      while (!stopped) {
        runs[current].run();
      }
    } catch (InterruptedException | RankException e) {
      // What fails here fails on the thread that it is timed on, too, and is reported there.
    }
  }

  /** Returns when nothing runs any more. */
  @Override
  public void close() {
    stopped = true;
    begun.countDown();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
