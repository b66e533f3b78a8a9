package dev.podium.stress;

import dev.podium.loadtest.protocol.Connections;
import io.grpc.ManagedChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Some connections, of which one is closed each second and another opened in its place. Calls on
 * the closed connection finish. For one thread.
 */
final class ChurningConnections implements Supplier<ManagedChannel>, AutoCloseable {
  private static final long LIFE_STEP_NANOS = 1_000_000_000L;

  /** Closed for new calls; those that they have are long over when they are let go. */
  private static final int LEAVING = 5;

  private final Supplier<Connections> opener;
  private final LongSupplier nanoTime;
  private final Connections[] open;
  private final Deque<Connections> leaving = new ArrayDeque<>();
  private long nextChange;
  private long calls;
  private long changes;

  /**
   * Opens them.
   *
   * @param opener makes a connection
   */
  ChurningConnections(Supplier<Connections> opener, int count, LongSupplier nanoTime) {
    this.opener = opener;
    this.nanoTime = nanoTime;
    this.open = new Connections[count];
    for (int i = 0; i < count; i++) {
      open[i] = opener.get();
    }
    this.nextChange = nanoTime.getAsLong() + LIFE_STEP_NANOS;
  }

  @Override
  public ManagedChannel get() {
    if (nanoTime.getAsLong() >= nextChange) {
      nextChange += LIFE_STEP_NANOS;
      change();
    }
    return open[(int) (calls++ % open.length)].channel(0);
  }

  private void change() {
    int oldest = (int) (changes++ % open.length);
    open[oldest].channel(0).shutdown();
    leaving.add(open[oldest]);
    open[oldest] = opener.get();
    if (leaving.size() > LEAVING) {
      leaving.remove().close();
    }
  }

  /** Connections closed so far, and others opened in their place. */
  long changes() {
    return changes;
  }

  @Override
  public void close() {
    for (Connections connection : open) {
      connection.close();
    }
    leaving.forEach(Connections::close);
  }
}
