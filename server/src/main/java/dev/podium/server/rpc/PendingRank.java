package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.CandidateNames;
import dev.podium.server.feature.Signature;
import dev.podium.server.feature.Signature.Output;
import dev.podium.server.feature.WireRequest;
import dev.podium.server.journal.RequestWatch;
import dev.podium.server.rpc.AnswerEncoder.Answer;
import dev.podium.server.schedule.RankResult;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A ranking request between its arrival and its answer. */
final class PendingRank extends PendingRequest {
  private WireRequest request;
  private List<Output> outputs = List.of();
  private CandidateNames names;

  PendingRank(RequestDesk desk, MessageBytes bytes, RankResponder responder, RequestWatch watch) {
    super(desk, bytes, responder, watch);
  }

  void parsed(WireRequest wire) {
    request = wire;
  }

  /**
   * Finds the outputs asked for and the candidates' ids.
   *
   * @throws RankException INVALID_ARGUMENT, naming the output or the ids
   */
  void resolve() throws RankException {
    outputs = outputs(version().signature(), request);
    names = CandidateNames.read(request);
  }

  @Override
  public void succeeded(RankResult result) {
    List<float[]> scores = new ArrayList<>(outputs.size());
    for (Output output : outputs) {
      scores.add(result.scores(version().signature().output(output.name())));
    }
    answer(scores, result.missing(), Timings.of(result), result.warnings());
  }

  /** The request has no candidates, so there is nothing to run. */
  void succeedEmpty() {
    List<float[]> none = outputs.stream().map(output -> new float[0]).toList();
    answer(none, new int[0], Timings.NONE, List.of());
  }

  @Override
  String requestId() {
    return request == null ? "" : request.requestId();
  }

  @Override
  String modelName() {
    return request == null ? "" : request.modelName();
  }

  @Override
  int rows() {
    return request == null ? 0 : request.rows();
  }

  private void answer(List<float[]> scores, int[] missing, Timings timings, List<String> warnings) {
    long start = now();
    int[] positions = request.topK() == 0 ? null : TopK.of(scores.get(0), request.topK());
    byte[] response =
        AnswerEncoder.encode(
            new Answer(
                request.requestId(),
                version().model(),
                version().number(),
                outputs,
                scores,
                request.rows(),
                positions,
                names,
                missing,
                timings,
                warnings));
    answer(response, timings, start);
  }

  private static List<Output> outputs(Signature signature, WireRequest request)
      throws RankException {
    List<Output> outputs = signature.outputs();
    if (!request.outputs().isEmpty()) {
      outputs = new ArrayList<>();
      Set<String> seen = new HashSet<>();
      for (String name : request.outputs()) {
        int index = signature.output(name);
        if (index < 0) {
          throw RankException.invalid(
              "output '"
                  + name
                  + "': unknown (expected: one of "
                  + signature.outputs().stream().map(Output::name).toList()
                  + ")");
        }
        if (!seen.add(name)) {
          throw RankException.invalid("output '" + name + "': asked for twice (expected: once)");
        }
        outputs.add(signature.outputs().get(index));
      }
    }
    if (request.topK() > 0 && outputs.get(0).width() != 1) {
      throw RankException.invalid(
          "top_k: output '"
              + outputs.get(0).name()
              + "' has "
              + outputs.get(0).width()
              + " scores a candidate (expected: 1 in the first output, which decides the rank)");
    }
    return outputs;
  }
}
