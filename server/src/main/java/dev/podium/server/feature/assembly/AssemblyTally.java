package dev.podium.server.feature.assembly;

import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What assembly had to put right, counted by feature. Filled for one request, read, and cleared for
 * the next; belongs to one thread.
 */
public final class AssemblyTally {
  /** The most warnings that one response carries. */
  private static final int MAX_WARNINGS = 16;

  private final Signature signature;
  private final int[] defaulted;
  private final int[] outOfVocabulary;
  private final int[] truncated;
  private boolean clean = true;

  public AssemblyTally(Signature signature) {
    this.signature = signature;
    defaulted = new int[signature.features().size()];
    outOfVocabulary = new int[defaulted.length];
    truncated = new int[defaulted.length];
  }

  /** 1 if the feature was not sent and its default stood in, else 0. */
  public int defaulted(int feature) {
    return defaulted[feature];
  }

  /** Number of the feature's values that the out-of-vocabulary id stood in for. */
  public int outOfVocabulary(int feature) {
    return outOfVocabulary[feature];
  }

  /** Number of the feature's rows that were cut to the sequence's length. */
  public int truncated(int feature) {
    return truncated[feature];
  }

  /** Whether there was nothing to count. */
  public boolean isClean() {
    return clean;
  }

  /**
   * A sentence for each feature that had values out of vocabulary or rows cut. Defaults are by
   * design: no warning.
   */
  public List<String> warnings() {
    if (clean) {
      return List.of();
    }
    List<String> warnings = new ArrayList<>();
    for (int f = 0; f < defaulted.length && warnings.size() < MAX_WARNINGS; f++) {
      Feature feature = signature.features().get(f);
      if (outOfVocabulary[f] > 0) {
        warnings.add(
            "feature '"
                + feature.name()
                + "': "
                + outOfVocabulary[f]
                + " values out of vocabulary");
      }
      if (truncated[f] > 0 && warnings.size() < MAX_WARNINGS) {
        warnings.add(
            "feature '"
                + feature.name()
                + "': "
                + truncated[f]
                + " rows cut to "
                + feature.width()
                + " values");
      }
    }
    return warnings;
  }

  public void clear() {
    if (!clean) {
      Arrays.fill(defaulted, 0);
      Arrays.fill(outOfVocabulary, 0);
      Arrays.fill(truncated, 0);
      clean = true;
    }
  }

  void countDefaulted(int feature) {
    defaulted[feature]++;
    clean = false;
  }

  void countOutOfVocabulary(int feature) {
    outOfVocabulary[feature]++;
    clean = false;
  }

  void countTruncated(int feature) {
    truncated[feature]++;
    clean = false;
  }
}
