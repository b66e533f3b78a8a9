package dev.podium.server.rpc;

import dev.podium.ranking.v1.RankError;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.Binding;
import dev.podium.server.feature.assembly.RankBinding;
import dev.podium.server.feature.wire.RankMessage;
import dev.podium.server.schedule.RankTask;

/**
 * Takes one ranking request from bytes to the scheduler: finds the columns, the model and the
 * outputs, and refuses what can be refused so far.
 */
final class RankHandler implements RequestHandler {
  private final RequestDispatcher dispatcher;

  RankHandler(RequestDispatcher dispatcher) {
    this.dispatcher = dispatcher;
  }

  @Override
  public RankTask handle(MessageBytes bytes, CallInfo call, RankResponder responder) {
    long arrival = dispatcher.now();
    if (!dispatcher.receive(bytes, call, arrival, responder)) {
      return null;
    }
    PendingRank pending = new PendingRank(dispatcher, bytes, responder, call.begin(arrival));
    try {
      RankMessage request = RankMessage.parse(bytes.array(), bytes.length());
      pending.parsed(request);
      check(request);
      call.access().check(request.modelName());
      dispatcher.open(
          pending,
          "candidates.count",
          request.rows(),
          request.modelName(),
          request.version(),
          request.label(),
          request.priority(),
          call.access());
      Binding binding = RankBinding.of(request, pending.version().signature());
      pending.resolve();
      if (request.rows() == 0) {
        pending.succeedEmpty();
        return null;
      }
      return dispatcher.submit(
          pending,
          binding,
          arrival,
          call.deadlineNanos(),
          request.priority(),
          request.allowPartial());
    } catch (RankException e) {
      pending.failed(e);
      return null;
    }
  }

  private static void check(RankMessage request) throws RankException {
    if (request.topK() < 0) {
      throw RankException.invalid("top_k: " + request.topK() + " (expected: 0 or more)");
    }
    if (request.modelName().isEmpty()) {
      throw RankException.invalid("model.name: empty (expected: the name of a model)");
    }
    if (request.version() < 0) {
      throw RankException.invalid("model.version: " + request.version() + " (expected: 1 or more)");
    }
  }

  @Override
  public byte[] streamed(byte[] answer) {
    return answer;
  }

  @Override
  public byte[] streamed(String requestId, RankException why) {
    return RankResponse.newBuilder()
        .setRequestId(requestId)
        .setError(
            RankError.newBuilder()
                .setCode(Statuses.number(why.code()))
                .setMessage(why.getMessage()))
        .build()
        .toByteArray();
  }

  @Override
  public boolean inOrder() {
    return false;
  }
}
