package dev.podium.server.rpc;

import java.util.concurrent.Executor;

/**
 * Lets the scheduler run a small tile on the thread that submitted it, which spares two thread
 * switches: what it hands over is kept until the submitter calls {@link #run}. Used by one thread,
 * once.
 */
final class LentThread implements Executor {
  private Runnable work;

  @Override
  public void execute(Runnable task) {
    if (work != null) {
      throw new IllegalStateException("lent twice (expected: one tile for one submission)");
    }
    work = task;
  }

  void run() {
    if (work != null) {
      work.run();
    }
  }
}
