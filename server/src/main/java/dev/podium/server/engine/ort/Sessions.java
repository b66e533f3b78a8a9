package dev.podium.server.engine.ort;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.server.fault.ModelException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Sessions of one graph, so that workers on different cores need not share one: what a run frees in
 * a session's arena the next run writes to, and where that is on another core it first waits for
 * the lines in that core's cache. Shared by two workers, a session's tiles take up to twice as
 * long. Thread-safe; closed once, after all that was lent.
 */
final class Sessions implements AutoCloseable {
  /** Makes one more session of the same graph. */
  @FunctionalInterface
  interface Maker {
    OrtSession make() throws OrtException;
  }

  private static final class Lent {
    private final OrtSession session;
    private int borrowers;

    private Lent(OrtSession session) {
      this.session = session;
    }
  }

  private final LongSupplier copiedBytes;
  private Maker maker;
  private final List<Lent> all = new ArrayList<>();

  /**
   * One session.
   *
   * @param copiedBytes weights that each session holds for itself
   */
  Sessions(OrtSession first, LongSupplier copiedBytes, Maker maker) {
    this.copiedBytes = copiedBytes;
    this.maker = maker;
    all.add(new Lent(first));
  }

  /** Weights that each session holds for itself. */
  long copiedBytes() {
    return copiedBytes.getAsLong();
  }

  /**
   * Makes as many sessions as are missing, the last ones: what they are made of is let go. Those
   * made before one fails stay.
   *
   * @throws ModelException if one can't be made
   */
  synchronized void complete(int count) throws ModelException {
    try {
      while (all.size() < count) {
        all.add(new Lent(maker.make()));
      }
    } catch (OrtException e) {
      throw new ModelException(OnnxEngine.oneLine(e), e);
    } finally {
      maker = null;
    }
  }

  /** A session that the fewest others use. */
  synchronized OrtSession lend() {
    Lent least = all.stream().min(Comparator.comparingInt(lent -> lent.borrowers)).orElseThrow();
    least.borrowers++;
    return least.session;
  }

  synchronized void giveBack(OrtSession session) {
    all.stream().filter(lent -> lent.session == session).findFirst().orElseThrow().borrowers--;
  }

  @Override
  public synchronized void close() {
    all.forEach(lent -> OnnxSession.close(lent.session));
  }
}
