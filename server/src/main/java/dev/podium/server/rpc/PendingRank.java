package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.wire.CandidateNames;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.feature.wire.RankMessage;
import dev.podium.server.requestlog.RequestWatch;
import dev.podium.server.rpc.AnswerEncoder.Answer;
import dev.podium.server.schedule.RankResult;
import java.util.List;

/** A ranking request between its arrival and its answer. */
final class PendingRank extends PendingRequest {
  private static final int[] NONE_MISSING = {};

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

  @Override
  byte[] encode(RankResult result, Timings timings) {
    List<float[]> scores = result == null ? outputs.noScores() : outputs.scores(result);
    int[] positions = request.topK() == 0 ? null : TopK.of(scores.get(0), request.topK());
    return AnswerEncoder.encode(
        new Answer(
            request.requestId(),
            version().model(),
            version().number(),
            outputs.outputs(),
            scores,
            request.rows(),
            positions,
            names,
            result == null ? NONE_MISSING : result.missing(),
            timings,
            result == null ? List.of() : result.warnings()));
  }

  private static WantedOutputs outputs(Signature signature, RankMessage request)
      throws RankException {
    WantedOutputs wanted = WantedOutputs.of(signature, request.outputs(), request.rows());
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
