package dev.podium.server.rpc;

import dev.podium.inference.InferParameter;
import dev.podium.inference.ModelInferResponse;
import dev.podium.inference.ModelStreamInferResponse;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.InferBinding;
import dev.podium.server.feature.wire.InferMessage;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.requestlog.RequestWatch;
import dev.podium.server.rpc.RequestSteps.Step;
import dev.podium.server.schedule.RankTask;
import java.util.concurrent.TimeUnit;

/** Takes one inference request of the Open Inference Protocol from bytes to the scheduler. */
final class InferHandler extends RequestHandler<PendingInfer> {
  private final boolean compareContext;

  /**
   * @param compareContext whether to find out if all rows of a request have the same context
   */
  InferHandler(RequestDispatcher dispatcher, boolean compareContext) {
    super(dispatcher);
    this.compareContext = compareContext;
  }

  @Override
  PendingInfer pending(MessageBytes bytes, RankResponder responder, RequestWatch watch) {
    return new PendingInfer(dispatcher, bytes, responder, watch);
  }

  @Override
  RankTask start(PendingInfer pending, MessageBytes bytes, CallInfo call, long arrival)
      throws RankException {
    dispatcher.steps().before(Step.PARSE);
    InferMessage message = InferMessage.parse(bytes);
    pending.parsed(message);
    if (message.modelName().isEmpty()) {
      throw RankException.invalid("model_name: empty (expected: the name of a model)");
    }
    call.access().check(message.modelName());
    int rows = InferBinding.rows(message);
    Priority priority = priority(message);
    dispatcher.open(
        pending,
        "rows",
        rows,
        message.modelName(),
        InferVersions.number(message.modelVersion()),
        "",
        priority,
        call.access());
    dispatcher.steps().before(Step.BIND);
    boolean compare = compareContext && pending.version().gainsFromOneContext(rows);
    InferBinding binding = InferBinding.of(message, pending.version().signature(), compare);
    pending.resolve(rows);
    if (rows == 0) {
      pending.succeedEmpty();
      return null;
    }
    return dispatcher.submit(
        pending,
        binding,
        arrival,
        Math.min(call.deadline(arrival), timeout(message, arrival)),
        priority,
        false);
  }

  /** Triton's request parameter: 1 is the most important; 0, the default, is the middle here. */
  private static Priority priority(InferMessage message) {
    long level = number(message.parameters().get("priority"));
    return level == 0 || level == 2
        ? Priority.NORMAL
        : level == 1 ? Priority.CRITICAL : Priority.SHEDDABLE;
  }

  /** Triton's request parameter, in microseconds from the arrival. */
  private static long timeout(InferMessage message, long arrival) {
    long micros = number(message.parameters().get("timeout"));
    return micros <= 0
        ? RankTask.NO_DEADLINE
        : arrival + Math.min(TimeUnit.MICROSECONDS.toNanos(micros), Long.MAX_VALUE / 4);
  }

  private static long number(InferParameter parameter) {
    if (parameter == null) {
      return 0;
    }
    return switch (parameter.getParameterChoiceCase()) {
      case INT64_PARAM -> parameter.getInt64Param();
      case UINT64_PARAM -> parameter.getUint64Param();
      default -> 0;
    };
  }

  @Override
  byte[] streamed(byte[] answer) {
    return InferEncoder.streamed(answer);
  }

  @Override
  byte[] streamed(String requestId, RankException why) {
    return ModelStreamInferResponse.newBuilder()
        .setErrorMessage(why.getMessage())
        .setInferResponse(ModelInferResponse.newBuilder().setId(requestId))
        .build()
        .toByteArray();
  }

  /** Clients can't tell from a refusal which request it is about. */
  @Override
  boolean inOrder() {
    return true;
  }
}
