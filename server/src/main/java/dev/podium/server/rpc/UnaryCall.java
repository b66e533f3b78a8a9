package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;
import dev.podium.server.schedule.RankTask;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;

/** One request, one answer. */
final class UnaryCall extends ServerCall.Listener<MessageBytes> implements RankResponder {
  private final RequestHandler handler;
  private final ServerCall<MessageBytes, byte[]> call;
  private final CallInfo info;
  private MessageBytes message;
  private boolean malformed;
  private volatile RankTask task;

  UnaryCall(RequestHandler handler, ServerCall<MessageBytes, byte[]> call, CallInfo info) {
    this.handler = handler;
    this.call = call;
    this.info = info;
    call.request(2); // the second is only to find out that there is none
  }

  @Override
  public void onMessage(MessageBytes bytes) {
    if (malformed) {
      return;
    }
    if (message == null) {
      message = bytes;
    } else {
      refuseCount("two requests");
    }
  }

  @Override
  public void onHalfClose() {
    if (malformed) {
      return;
    }
    if (message == null) {
      refuseCount("no request");
      return;
    }
    task = handler.handle(message, info, this);
  }

  @Override
  public void onCancel() {
    RankTask current = task;
    if (current != null) {
      current.cancel();
    }
  }

  private void refuseCount(String came) {
    malformed = true;
    call.close(
        Status.INVALID_ARGUMENT.withDescription(
            call.getMethodDescriptor().getBareMethodName() + ": " + came + " (expected: one)"),
        new Metadata());
  }

  @Override
  public void answer(byte[] response) {
    call.sendHeaders(new Metadata());
    call.sendMessage(response);
    call.close(Status.OK, new Metadata());
  }

  @Override
  public void refuse(String requestId, RankException why) {
    call.close(Statuses.status(why), Statuses.trailers(why));
  }
}
