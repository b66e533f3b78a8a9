package dev.podium.server.rpc;

import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;

/** Versions as the Open Inference Protocol writes them: whole numbers as text. */
final class InferVersions {
  private InferVersions() {}

  /**
   * The version's number; 0 if none is named.
   *
   * @throws RankException INVALID_ARGUMENT if it is no number
   */
  static long number(String version) throws RankException {
    if (version.isEmpty()) {
      return 0;
    }
    try {
      long number = Long.parseLong(version);
      if (number >= 1) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Refused below.
    }
    throw RankException.invalid(
        "model_version: "
            + Quoted.text(version)
            + " (expected: a whole number above 0, or nothing)");
  }
}
