package dev.podium.server.rpc;

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

  /**
   * Finds them.
   *
   * @param names all outputs if there are none
   * @throws RankException INVALID_ARGUMENT, naming one that is unknown
   */
  static WantedOutputs of(Signature signature, List<String> names) throws RankException {
    List<Output> all = signature.outputs();
    int count = names.isEmpty() ? all.size() : names.size();
    List<Output> outputs = new ArrayList<>(count);
    int[] indices = new int[count];
    for (int i = 0; i < count; i++) {
      indices[i] = names.isEmpty() ? i : signature.output(names.get(i));
      if (indices[i] < 0) {
        throw RankException.invalid(
            "output '"
                + names.get(i)
                + "': unknown (expected: one of "
                + all.stream().map(Output::name).toList()
                + ")");
      }
      outputs.add(all.get(indices[i]));
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
