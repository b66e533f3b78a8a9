package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.requestlog.RequestWatch;
import dev.podium.server.rpc.RequestSteps.Step;
import dev.podium.server.schedule.RankTask;
import io.grpc.Status;

/**
 * What one protocol does with its requests. Whatever goes wrong on the way, errors of the machine
 * included, ends the request: it is answered, and all that it held is given back. Thread-safe.
 *
 * @param <P> its requests between arrival and answer
 */
abstract class RequestHandler<P extends PendingRequest> {
  final RequestDispatcher dispatcher;

  RequestHandler(RequestDispatcher dispatcher) {
    this.dispatcher = dispatcher;
  }

  /**
   * Makes room for a whole message, before anything looks into it.
   *
   * @return false if there is none: the message is released and the responder has heard why.
   *     Otherwise {@link #handle} follows, or the bytes' release
   */
  final boolean receive(MessageBytes bytes, CallInfo call, RankResponder responder) {
    try {
      dispatcher.receive(bytes);
      return true;
    } catch (Throwable e) {
      refuse(bytes, call, responder, Failures.of(e));
      return false;
    }
  }

  /**
   * Handles one request.
   *
   * @param bytes received; released when the request has ended
   * @param call whose request it is
   * @return what cancels it; null if it has been answered already
   */
  final RankTask handle(MessageBytes bytes, CallInfo call, RankResponder responder) {
    P pending;
    long arrival;
    try {
      arrival = dispatcher.now();
      dispatcher.steps().before(Step.BEGIN);
      pending = pending(bytes, responder, call.begin(arrival));
    } catch (Throwable e) {
      refuse(bytes, call, responder, Failures.of(e));
      return null;
    }
    try {
      return start(pending, bytes, call, arrival);
    } catch (Throwable e) {
      pending.broken(e);
      return null;
    }
  }

  private void refuse(
      MessageBytes bytes, CallInfo call, RankResponder responder, RankException why) {
    bytes.release();
    responder.refuse("", why);
    RequestWatch watch = call.begin(dispatcher.now());
    if (watch != null) {
      Status.Code code = Statuses.status(why.code());
      watch.ended("", "", 0, 0, code, why.getMessage(), dispatcher.now(), null);
    }
  }

  /** A place for what is known of a request. */
  abstract P pending(MessageBytes bytes, RankResponder responder, RequestWatch watch);

  /**
   * Takes a request to the scheduler, or answers it.
   *
   * @return the task; null if it is answered
   * @throws RankException if it may not go on; the request is then failed
   */
  abstract RankTask start(P pending, MessageBytes bytes, CallInfo call, long arrival)
      throws RankException;

  /** An answer as a message of a stream. */
  abstract byte[] streamed(byte[] answer);

  /** A refusal as a message of a stream, which stays open. */
  abstract byte[] streamed(String requestId, RankException why);

  /** Whether a stream's answers must come in the order of its requests. */
  abstract boolean inOrder();
}
