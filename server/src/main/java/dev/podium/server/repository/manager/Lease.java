package dev.podium.server.repository.manager;

import dev.podium.server.repository.loader.LoadedVersion;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One holder's share of a version: while it is open, the version stays in memory. Has one owner,
 * who closes it once. Thread-safe.
 */
public final class Lease implements AutoCloseable {
  private final Holding holding;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** The share must have been taken. */
  Lease(Holding holding) {
    this.holding = holding;
  }

  /** Valid until this is closed. */
  public LoadedVersion version() {
    return holding.version();
  }

  /**
   * Gives the share back.
   *
   * @throws IllegalStateException if it was given back before
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      throw new IllegalStateException(version() + ": a lease was closed twice");
    }
    holding.giveBack();
  }
}
