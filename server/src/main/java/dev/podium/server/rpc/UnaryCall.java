package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.schedule.RankTask;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;

/** One request, one answer. */
final class UnaryCall extends ServerCall.Listener<MessageBytes> implements RankResponder {
  private final RequestHandler<?> handler;
  private final ServerCall<MessageBytes, byte[]> call;
  private final CallInfo info;

  /** It has come, and waits for the end of the call. The transport counts its bytes until then. */
  private MessageBytes message;

  private boolean over;
  private volatile RankTask task;

  UnaryCall(RequestHandler<?> handler, ServerCall<MessageBytes, byte[]> call, CallInfo info) {
    this.handler = handler;
    this.call = call;
    this.info = info;
    call.request(2); // the second is only to find out that there is none
  }

  @Override
  public void onMessage(MessageBytes bytes) {
    if (over) {
      bytes.release();
    } else if (message != null) {
      bytes.release();
      refuseCount("two requests");
    } else {
      message = bytes;
    }
  }

  @Override
  public void onHalfClose() {
    if (over) {
      return;
    }
    if (message == null) {
      refuseCount("no request");
      return;
    }
    MessageBytes received = message;
    message = null;
    over = true;
    if (handler.receive(received, info, this)) {
      task = handler.handle(received, info, this);
    }
  }

  @Override
  public void onCancel() {
    over = true;
    releaseMessage();
    RankTask current = task;
    if (current != null) {
      current.cancel();
    }
  }

  private void refuseCount(String came) {
    over = true;
    releaseMessage();
    call.close(
        Status.INVALID_ARGUMENT.withDescription(
            call.getMethodDescriptor().getBareMethodName() + ": " + came + " (expected: one)"),
        new Metadata());
  }

  private void releaseMessage() {
    if (message != null) {
      message.release();
      message = null;
    }
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

  @Override
  public void drop() {
    try {
      call.close(Status.INTERNAL, new Metadata());
    } catch (Throwable e) {
      Failures.report("a call could not be closed", e);
    }
  }
}
