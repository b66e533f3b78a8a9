package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.Signature;
import dev.podium.server.feature.Signature.Output;
import dev.podium.server.feature.TensorMessage;
import dev.podium.server.journal.RequestWatch;
import dev.podium.server.schedule.RankResult;
import java.util.ArrayList;
import java.util.List;

/** An inference request between its arrival and its answer. */
final class PendingInfer extends PendingRequest {
  private TensorMessage message;
  private int rows;
  private List<Output> outputs = List.of();

  PendingInfer(RequestDesk desk, MessageBytes bytes, RankResponder responder, RequestWatch watch) {
    super(desk, bytes, responder, watch);
  }

  void parsed(TensorMessage read) {
    message = read;
  }

  /**
   * Finds the outputs asked for.
   *
   * @throws RankException INVALID_ARGUMENT, naming the output
   */
  void resolve(int rowCount) throws RankException {
    rows = rowCount;
    Signature signature = version().signature();
    outputs = signature.outputs();
    List<String> wanted = message.outputs();
    if (!wanted.isEmpty()) {
      outputs = new ArrayList<>();
      for (String name : wanted) {
        int index = signature.output(name);
        if (index < 0) {
          throw RankException.invalid(
              "output '"
                  + name
                  + "': unknown (expected: one of "
                  + signature.outputs().stream().map(Output::name).toList()
                  + ")");
        }
        outputs.add(signature.outputs().get(index));
      }
    }
  }

  @Override
  public void succeeded(RankResult result) {
    long start = now();
    List<float[]> scores = new ArrayList<>(outputs.size());
    for (Output output : outputs) {
      scores.add(result.scores(version().signature().output(output.name())));
    }
    byte[] response = InferEncoder.encode(message.id(), version(), outputs, scores, rows);
    answer(response, Timings.of(result), start);
  }

  /** The request has no rows, so there is nothing to run. */
  void succeedEmpty() {
    List<float[]> none = outputs.stream().map(output -> new float[0]).toList();
    answer(InferEncoder.encode(message.id(), version(), outputs, none, 0), Timings.NONE, now());
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
