package dev.podium.server.schedule;

import dev.podium.server.engine.Form;
import java.util.List;

/** The scores of one request, and where its time went. Belongs to whoever receives it. */
public final class RankResult {
  private static final int[] NONE = {};

  private final float[][] scores;
  private final int[] missing;
  private final int queueMicros;
  private final int assembleMicros;
  private final int inferMicros;
  private final int tiles;
  private final Form form;
  private final List<String> warnings;

  RankResult(
      float[][] scores,
      int[] missing,
      int queueMicros,
      int assembleMicros,
      int inferMicros,
      int tiles,
      Form form,
      List<String> warnings) {
    this.scores = scores;
    this.missing = missing == null ? NONE : missing;
    this.queueMicros = queueMicros;
    this.assembleMicros = assembleMicros;
    this.inferMicros = inferMicros;
    this.tiles = tiles;
    this.form = form;
    this.warnings = warnings;
  }

  /**
   * Scores of one output of the signature: rows in request order, {@code width} values each. Not a
   * copy.
   */
  public float[] scores(int output) {
    return scores[output];
  }

  /** Number of outputs. */
  public int outputs() {
    return scores.length;
  }

  /**
   * Rows that were not scored before the deadline, as pairs: first row, row after the last;
   * ascending, not adjacent. Empty unless the task allowed a partial answer. Their scores are the
   * version's fallback score, or NaN if it has none.
   */
  public int[] missing() {
    return missing.clone();
  }

  /** Whether every row was scored. */
  public boolean isComplete() {
    return missing.length == 0;
  }

  /** From the request's arrival until a worker took it. */
  public int queueMicros() {
    return queueMicros;
  }

  /** From wire columns to the runtime's buffers. */
  public int assembleMicros() {
    return assembleMicros;
  }

  /** In the runtime, summed over the tiles. */
  public int inferMicros() {
    return inferMicros;
  }

  /** Number of tiles that the request was cut into; 1 also when it shared one. */
  public int tiles() {
    return tiles;
  }

  /** In what form its rows ran. */
  public Form form() {
    return form;
  }

  /** What was put right, a sentence each. */
  public List<String> warnings() {
    return warnings;
  }
}
