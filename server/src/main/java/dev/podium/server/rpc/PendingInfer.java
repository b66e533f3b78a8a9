package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.wire.InferMessage;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.requestlog.RequestWatch;
import dev.podium.server.schedule.RankResult;
import java.util.List;

/** An inference request between its arrival and its answer. */
final class PendingInfer extends PendingRequest {
  private InferMessage message;
  private int rows;
  private WantedOutputs outputs = WantedOutputs.NONE;

  PendingInfer(
      RequestDispatcher dispatcher,
      MessageBytes bytes,
      RankResponder responder,
      RequestWatch watch) {
    super(dispatcher, bytes, responder, watch);
  }

  void parsed(InferMessage read) {
    message = read;
  }

  /**
   * Finds the outputs asked for.
   *
   * @throws RankException INVALID_ARGUMENT, naming the output
   */
  void resolve(int rowCount) throws RankException {
    rows = rowCount;
    outputs = WantedOutputs.of(version().signature(), message.outputs(), rowCount);
  }

  @Override
  byte[] encode(RankResult result, Timings timings) {
    List<float[]> scores = result == null ? outputs.noScores() : outputs.scores(result);
    return InferEncoder.encode(message.id(), version(), outputs.outputs(), scores, rows);
  }

  @Override
  String requestId() {
    return message == null ? "" : message.id();
  }

  @Override
  String modelName() {
    return message == null ? "" : message.modelName();
  }

  @Override
  int rows() {
    return rows;
  }
}
