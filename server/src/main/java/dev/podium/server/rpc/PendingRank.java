package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.wire.CandidateNames;
import dev.podium.server.feature.wire.RankMessage;
import dev.podium.server.requestlog.RequestWatch;
import dev.podium.server.rpc.AnswerEncoder.Answer;
import dev.podium.server.schedule.RankResult;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A ranking request between its arrival and its answer. */
final class PendingRank extends PendingRequest {
  private RankMessage request;
  private WantedOutputs outputs = WantedOutputs.NONE;
  private CandidateNames names;

  PendingRank(
      RequestDispatcher dispatcher,
      MessageBytes bytes,
      RankResponder responder,
      RequestWatch watch) {
    super(dispatcher, bytes, responder, watch);
  }

  void parsed(RankMessage wire) {
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
    answer(outputs.scores(result), result.missing(), Timings.of(result), result.warnings());
  }

  /** The request has no candidates, so there is nothing to run. */
  void succeedEmpty() {
    answer(outputs.noScores(), new int[0], Timings.NONE, List.of());
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
                outputs.outputs(),
                scores,
                request.rows(),
                positions,
                names,
                missing,
                timings,
                warnings));
    answer(response, timings, start);
  }

  private static WantedOutputs outputs(Signature signature, RankMessage request)
      throws RankException {
    WantedOutputs wanted = WantedOutputs.of(signature, request.outputs());
    Set<String> seen = new HashSet<>();
    for (String name : request.outputs()) {
      if (!seen.add(name)) {
        throw RankException.invalid("output '" + name + "': asked for twice (expected: once)");
      }
    }
    Output first = wanted.outputs().get(0);
    if (request.topK() > 0 && first.width() != 1) {
      throw RankException.invalid(
          "top_k: output '"
              + first.name()
              + "' has "
              + first.width()
              + " scores a candidate (expected: 1 in the first output, which decides the rank)");
    }
    return wanted;
  }
}
