package dev.podium.server;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The parts of a server. Each says how it is closed when it is made; all are closed once, the last
 * first, the same way whether the start failed or the server stops. Parts are made on one thread;
 * closing is thread-safe.
 */
final class Lifecycle {
  private static final Logger LOG = Logger.getLogger(Lifecycle.class.getName());

  /** Makes a part. */
  interface Maker<T, E extends Exception> {
    T make() throws E;
  }

  /** Closes a part that has work, for which it may wait. */
  interface Closer<T> {
    /**
     * Closes it.
     *
     * @param drain the longest wait for the part's work
     * @return whether the work was finished
     */
    boolean close(T part, Duration drain);
  }

  private record Part(String name, Predicate<Duration> close) {}

  private final Deque<Part> parts = new ArrayDeque<>();
  private final Consumer<String> making;
  private final Consumer<String> closing;
  private final AtomicBoolean closed = new AtomicBoolean();

  Lifecycle() {
    this(name -> {}, name -> {});
  }

  /**
   * @param making hears of each part before it is made
   * @param closing hears of each part before it is closed
   */
  Lifecycle(Consumer<String> making, Consumer<String> closing) {
    this.making = making;
    this.closing = closing;
  }

  /** Makes a part whose work is finished before it is closed. */
  <T, E extends Exception> T drained(String name, Maker<T, E> maker, Closer<? super T> closer)
      throws E {
    making.accept(name);
    T part = maker.make();
    parts.push(new Part(name, drain -> closer.close(part, drain)));
    return part;
  }

  /** Makes a part that is closed without a wait for work. */
  <T, E extends Exception> T part(String name, Maker<T, E> maker, Consumer<? super T> closer)
      throws E {
    return drained(
        name,
        maker,
        (part, drain) -> {
          closer.accept(part);
          return true;
        });
  }

  /**
   * Closes all parts; a part that fails is logged and keeps none of the others open. Calls after
   * the first do nothing.
   *
   * @param drain the longest wait for each part's work
   * @return whether all work was finished
   */
  boolean close(Duration drain) {
    if (!closed.compareAndSet(false, true)) {
      return true;
    }
    boolean finished = true;
    for (Part part : parts) {
      closing.accept(part.name());
      try {
        finished &= part.close().test(drain);
      } catch (RuntimeException e) {
        LOG.log(Level.SEVERE, "can't close " + part.name(), e);
        finished = false;
      }
    }
    return finished;
  }
}
