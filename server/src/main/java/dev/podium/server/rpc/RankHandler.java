package dev.podium.server.rpc;

import dev.podium.ranking.v1.RankError;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.RankBinding;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.feature.wire.RankMessage;
import dev.podium.server.requestlog.RequestWatch;
import dev.podium.server.rpc.RequestSteps.Step;
import dev.podium.server.schedule.RankTask;

/**
 * Takes one ranking request from bytes to the scheduler: finds the columns, the model and the
 * outputs, and refuses what can be refused so far.
 */
final class RankHandler extends RequestHandler<PendingRank> {
  RankHandler(RequestDispatcher dispatcher) {
    super(dispatcher);
  }

  @Override
  PendingRank pending(MessageBytes bytes, RankResponder responder, RequestWatch watch) {
    return new PendingRank(dispatcher, bytes, responder, watch);
  }

  @Override
  RankTask start(PendingRank pending, MessageBytes bytes, CallInfo call, long arrival)
      throws RankException {
    dispatcher.steps().before(Step.PARSE);
    RankMessage request = RankMessage.parse(bytes);
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
    dispatcher.steps().before(Step.BIND);
    RankBinding binding = RankBinding.of(request, pending.version().signature());
    pending.resolve();
    if (request.rows() == 0) {
      pending.succeedEmpty();
      return null;
    }
    return dispatcher.submit(
        pending,
        binding,
        arrival,
        call.deadline(arrival),
        request.priority(),
        request.allowPartial());
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
  byte[] streamed(byte[] answer) {
    return answer;
  }

  @Override
  byte[] streamed(String requestId, RankException why) {
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
  boolean inOrder() {
    return false;
  }
}
