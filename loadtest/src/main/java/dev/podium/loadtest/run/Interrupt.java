package dev.podium.loadtest.run;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Ends a run at Ctrl-C, and lets the process live until its partial report is written. */
public final class Interrupt implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;

  private final CountDownLatch written = new CountDownLatch(1);
  private final Thread hook;

  private Interrupt(LoadSession session) {
    this.hook =
        new Thread(
            () -> {
              session.stop("interrupted");
              try {
                written.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "loadtest-interrupt");
  }

  /** Ends this session at Ctrl-C, until it is closed. */
  public static Interrupt of(LoadSession session) {
    Interrupt interrupt = new Interrupt(session);
    Runtime.getRuntime().addShutdownHook(interrupt.hook);
    return interrupt;
  }

  @Override
  public void close() {
    written.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is going down: the hook has done its work.
    }
  }
}
