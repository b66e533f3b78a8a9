package dev.podium.server.repository.loader;

import dev.podium.server.engine.RankingSession;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.repository.source.Fingerprint;
import dev.podium.server.repository.source.VersionFolder;
import dev.podium.server.schedule.ServedVersion;
import java.util.List;
import java.util.stream.Stream;

/**
 * A version that is in memory and can serve. Immutable and thread-safe. Who made it closes it, when
 * nobody uses it any more.
 */
public final class LoadedVersion {
  private final VersionFolder folder;
  private final Fingerprint fingerprint;
  private final ServedVersion scheduled;
  private final String description;
  private final List<String> providers;
  private final List<String> notes;

  public LoadedVersion(
      VersionFolder folder,
      Fingerprint fingerprint,
      ServedVersion scheduled,
      String description,
      List<String> providers,
      List<String> notes) {
    this.folder = folder;
    this.fingerprint = fingerprint;
    this.scheduled = scheduled;
    this.description = description;
    this.providers = List.copyOf(providers);
    this.notes = List.copyOf(notes);
  }

  /** Where it was loaded from. */
  public VersionFolder folder() {
    return folder;
  }

  /** What its files looked like then. */
  public Fingerprint fingerprint() {
    return fingerprint;
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

  /** Whether it pays to find out that all rows of a request have the same context. */
  public boolean gainsFromOneContext(int rows) {
    return session().plan().gainsFromOneContext(rows);
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

  /** The notes, and why requests are not split, if they are not: what the log says of a load. */
  public List<String> remarks() {
    String reason = session().report().reason();
    return reason.isEmpty()
        ? notes
        : Stream.concat(notes.stream(), Stream.of("not split: " + reason)).toList();
  }

  /** Size of its graph and weight files: about the least that its session keeps in memory. */
  public long fileBytes() {
    return fingerprint.modelBytes();
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
