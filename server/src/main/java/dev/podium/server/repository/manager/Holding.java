package dev.podium.server.repository.manager;

import dev.podium.server.repository.loader.LoadedVersion;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A loaded version and how many hold it: the manager, and each open lease. Once the manager has let
 * go of it and the last lease is closed, its end is reported, exactly once. Thread-safe.
 */
final class Holding {
  private final LoadedVersion version;
  private final AtomicInteger holders = new AtomicInteger(1);
  private volatile Runnable onUnused = () -> {};

  Holding(LoadedVersion version) {
    this.version = version;
  }

  LoadedVersion version() {
    return version;
  }

  /** Takes a share; null if the version is at its end. */
  Lease lease() {
    while (true) {
      int now = holders.get();
      if (now == 0) {
        return null;
      }
      if (holders.compareAndSet(now, now + 1)) {
        return new Lease(this);
      }
    }
  }

  void giveBack() {
    if (holders.decrementAndGet() == 0) {
      onUnused.run();
    }
  }

  /** Gives up the manager's own share, once; {@code then} runs when no lease is open any more. */
  void letGo(Runnable then) {
    onUnused = then;
    giveBack();
  }
}
