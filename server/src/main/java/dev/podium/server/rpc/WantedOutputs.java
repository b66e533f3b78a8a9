package dev.podium.server.rpc;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.schedule.RankResult;
import java.util.ArrayList;
import java.util.List;

/**
 * The outputs that a request asks for.
 *
 * @param outputs in the order asked for
 * @param indices of them in the signature
 */
record WantedOutputs(List<Output> outputs, int[] indices) {
  static final WantedOutputs NONE = new WantedOutputs(List.of(), new int[0]);

  /** Bytes of scores that fit into one answer, with room for all else that stands in it. */
  static final long MAX_BYTES = 1L << 30;

  /**
   * Finds them.
   *
   * @param names all outputs if there are none
   * @param rows of the request
   * @throws RankException INVALID_ARGUMENT, naming one that is unknown or asked for twice;
   *     RESOURCE_EXHAUSTED if the scores wouldn't fit into an answer
   */
  static WantedOutputs of(Signature signature, List<String> names, int rows) throws RankException {
    List<Output> all = signature.outputs();
    int count = names.isEmpty() ? all.size() : names.size();
    List<Output> outputs = new ArrayList<>(Math.min(count, all.size()));
    int[] indices = new int[Math.min(count, all.size())];
    boolean[] asked = new boolean[all.size()];
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      int index = names.isEmpty() ? i : signature.output(names.get(i));
      if (index < 0) {
        throw RankException.invalid(
            "output "
                + Quoted.text(names.get(i))
                + ": unknown (expected: one of "
                + Quoted.list(all.stream().map(Output::name).toList())
                + ")");
      }
      if (asked[index]) {
        throw RankException.invalid(
            "output " + Quoted.text(names.get(i)) + ": asked for twice (expected: once)");
      }
      asked[index] = true;
      indices[i] = index;
      outputs.add(all.get(index));
      bytes += (long) rows * all.get(index).width() * Float.BYTES;
    }
    if (bytes > MAX_BYTES) {
      throw new RankException(
          FaultCode.RESOURCE_EXHAUSTED,
          "scores: "
              + bytes
              + " bytes (expected: at most "
              + MAX_BYTES
              + "; ask for fewer outputs)");
    }
    return new WantedOutputs(outputs, indices);
  }

  List<float[]> scores(RankResult result) {
    List<float[]> scores = new ArrayList<>(indices.length);
    for (int index : indices) {
      scores.add(result.scores(index));
    }
    return scores;
  }

  /** For a request without rows. */
  List<float[]> noScores() {
    return outputs.stream().map(output -> new float[0]).toList();
  }
}
