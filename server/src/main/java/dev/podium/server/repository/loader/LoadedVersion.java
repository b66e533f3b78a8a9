package dev.podium.server.repository.loader;

import dev.podium.server.engine.Form;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.schedule.ServedVersion;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A version that is in memory, and how many requests hold it. Requests take it with {@link
 * #tryRetain} and give it back with {@link #release}; once the repository lets go of it too, and
 * the last request has, its end is reported, exactly once. Thread-safe.
 */
public final class LoadedVersion {
  private final ServedVersion scheduled;
  private final String description;
  private final List<String> providers;
  private final List<String> notes;
  private final long fileBytes;
  private final AtomicInteger holders = new AtomicInteger(1);
  private volatile Runnable onUnused = () -> {};

  public LoadedVersion(
      ServedVersion scheduled,
      String description,
      List<String> providers,
      List<String> notes,
      long fileBytes) {
    this.scheduled = scheduled;
    this.description = description;
    this.providers = List.copyOf(providers);
    this.notes = List.copyOf(notes);
    this.fileBytes = fileBytes;
  }

  public String model() {
    return scheduled.model();
  }

  public long number() {
    return scheduled.version();
  }

  public Signature signature() {
    return scheduled.signature();
  }

  public RankingSession session() {
    return scheduled.session();
  }

  /** Whether a request of so many rows is cheaper with its context computed once. */
  public boolean splits(int rows) {
    return session().plan().form(rows) == Form.SPLIT;
  }

  /** The dimensions of one row of an output; empty for a single score. */
  public List<Integer> rowShape(Output output) {
    TensorSpec tensor = session().outputs().get(output.tensor());
    return output.width() == tensor.rowElements() ? tensor.rowShape() : List.of();
  }

  /** What the scheduler knows it by. */
  public ServedVersion scheduled() {
    return scheduled;
  }

  /** From {@code model.yaml}; may be empty. */
  public String description() {
    return description;
  }

  /** Names of the execution providers in use, in order. */
  public List<String> providers() {
    return providers;
  }

  /** What an operator should know of this version, a sentence each. */
  public List<String> notes() {
    return notes;
  }

  /** Size of its graph and weight files: about the least that its session keeps in memory. */
  public long fileBytes() {
    return fileBytes;
  }

  /** Gives back what {@link #tryRetain} gave. Once for each. */
  public void release() {
    int left = holders.decrementAndGet();
    if (left == 0) {
      onUnused.run();
    } else if (left < 0) {
      throw new IllegalStateException(this + ": released more often than acquired");
    }
  }

  /** Takes a share, unless the version is at its end. */
  public boolean tryRetain() {
    while (true) {
      int now = holders.get();
      if (now == 0) {
        return false;
      }
      if (holders.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  /**
   * Gives up the repository's own share; {@code then} runs when no request holds the version any
   * more.
   */
  public void letGo(Runnable then) {
    onUnused = then;
    release();
  }

  /** Frees the session; nothing may use it any more. */
  public void close() {
    session().close();
  }

  @Override
  public String toString() {
    return model() + " version " + number();
  }
}
