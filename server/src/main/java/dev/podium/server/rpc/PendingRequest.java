package dev.podium.server.rpc;

import dev.podium.server.admission.Admission;
import dev.podium.server.admission.Outcome;
import dev.podium.server.fault.RankException;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.route.Route;
import dev.podium.server.requestlog.RequestEnd.Stages;
import dev.podium.server.requestlog.RequestWatch;
import dev.podium.server.schedule.RankCompletion;
import io.grpc.Status;

/**
 * One request between its arrival and its answer, and all that it holds meanwhile: its bytes, a
 * version, a share of the limit. Ended once, by {@link #answer} or {@link #failed}, which give
 * everything back. Used by one thread at a time: the one that handles the arrival, then the one
 * that ends it.
 */
abstract class PendingRequest implements RankCompletion {
  private final RequestDispatcher dispatcher;
  private final MessageBytes bytes;
  private final RankResponder responder;

  /** Null if nobody wants to know. */
  private final RequestWatch watch;

  private Route route;
  private Admission.Permit permit;
  private boolean released;

  PendingRequest(
      RequestDispatcher dispatcher,
      MessageBytes bytes,
      RankResponder responder,
      RequestWatch watch) {
    this.dispatcher = dispatcher;
    this.bytes = bytes;
    this.responder = responder;
    this.watch = watch;
  }

  /** The request's own name; empty if it has none, or wasn't read so far. */
  abstract String requestId();

  /** The model's name as the caller wrote it; empty if it wasn't read so far. */
  abstract String modelName();

  /** Candidates; 0 if they weren't counted so far. */
  abstract int rows();

  final void acquired(Route found) {
    route = found;
  }

  final void admitted(Admission.Permit granted) {
    permit = granted;
  }

  /** Null before {@link #acquired}. */
  final LoadedVersion version() {
    return route == null ? null : route.primary().version();
  }

  @Override
  public final void failed(RankException fault) {
    release(Outcome.of(fault.code()), 0);
    responder.refuse(requestId(), fault);
    if (watch != null) {
      tell(Statuses.status(fault.code()), fault.getMessage(), null);
    }
  }

  /** On the scheduler's clock. */
  final long now() {
    return dispatcher.now();
  }

  /**
   * Ends the request with its encoded answer.
   *
   * @param encodeStart when encoding began, by {@link #now}
   */
  final void answer(byte[] response, Timings timings, long encodeStart) {
    dispatcher.telemetry().encoded(version().scheduled(), dispatcher.now() - encodeStart);
    release(Outcome.SUCCESS, timings.queueMicros() * 1_000L);
    responder.answer(response);
    if (watch != null) {
      Stages stages =
          new Stages(
              timings.queueMicros(),
              timings.assembleMicros(),
              timings.inferMicros(),
              encodeStart,
              timings.tiles(),
              timings.form().word());
      tell(Status.Code.OK, null, stages);
    }
  }

  private void tell(Status.Code code, String problem, Stages stages) {
    long number = route == null ? 0 : version().number();
    watch.ended(requestId(), modelName(), number, rows(), code, problem, dispatcher.now(), stages);
  }

  /** Once is enough: an answer that fails half-way is followed by {@link #failed}. */
  private void release(Outcome outcome, long waitNanos) {
    if (released) {
      return;
    }
    released = true;
    if (permit != null) {
      permit.release(outcome, waitNanos);
    }
    if (route != null) {
      route.primary().close();
    }
    dispatcher.admission().release(bytes.length());
    bytes.release();
  }
}
