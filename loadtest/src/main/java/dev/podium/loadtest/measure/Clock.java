package dev.podium.loadtest.measure;

import java.util.concurrent.locks.LockSupport;

/** Time as the sender sees it. Thread-safe. */
public interface Clock {

  /** Nanoseconds from an arbitrary origin, never decreasing. */
  long nanoTime();

  /** Waits until a time; may return early. */
  void parkUntil(long nanoTime);

  /** The machine's. */
  Clock SYSTEM =
      new Clock() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void parkUntil(long nanoTime) {
          // Never spins: on a small machine that would take the server's core.
          LockSupport.parkNanos(this, nanoTime - System.nanoTime());
        }
      };
}
