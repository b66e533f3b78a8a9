package dev.podium.server.engine;

import dev.podium.server.engine.CostMeter.Run;
import dev.podium.server.fault.RankException;

/**
 * A thread that runs what is being timed on another one, as other workers will: what two large
 * tiles need at once may not fit into the cache that they share.
 */
final class Neighbour implements AutoCloseable {
  private final Run[] runs;
  private final Thread thread;
  private volatile int current;
  private volatile boolean stopped;

  /**
   * Starts running the first.
   *
   * @param runs on buffers of their own
   */
  Neighbour(Run[] runs) {
    this.runs = runs;
    this.thread = new Thread(this::run, "podium-neighbour");
    thread.setDaemon(true);
    thread.start();
  }

  /** Goes over to another one after the one that it is at. */
  void runFromNowOn(int index) {
    current = index;
  }

  private void run() {
    try {
      while (!stopped) {
        runs[current].run();
      }
    } catch (RankException e) {
      // What fails here fails on the thread that it is timed on, too, and is reported there.
      stopped = true;
    }
  }

  /** Returns when nothing runs any more. */
  @Override
  public void close() {
    stopped = true;
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
