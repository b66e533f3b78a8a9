package dev.podium.server.schedule;

/**
 * Calls out of the scheduler that must not harm it: what they throw goes to the thread's handler of
 * uncaught exceptions, and the scheduler goes on.
 */
final class Quietly {
  /** What may throw. */
  interface Call {
    void run() throws Exception;
  }

  private Quietly() {}

  /**
   * Runs a call.
   *
   * @return what it threw, or null
   */
  static Throwable run(Call call) {
    try {
      call.run();
      return null;
    } catch (Throwable e) {
      report(e);
      return e;
    }
  }

  static void report(Throwable e) {
    try {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    } catch (Throwable broken) {
      // The handler itself fails, most likely for lack of memory. There is nobody left to tell.
    }
  }
}
