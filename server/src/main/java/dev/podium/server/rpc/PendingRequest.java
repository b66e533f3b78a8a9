package dev.podium.server.rpc;

import dev.podium.server.admission.Admission;
import dev.podium.server.admission.Outcome;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.route.Route;
import dev.podium.server.requestlog.RequestEnd.Stages;
import dev.podium.server.requestlog.RequestWatch;
import dev.podium.server.rpc.RequestSteps.Step;
import dev.podium.server.schedule.RankCompletion;
import dev.podium.server.schedule.RankResult;
import dev.podium.server.schedule.RankTask;
import io.grpc.Status;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One request between its arrival and its answer, and all that it holds meanwhile: its bytes, a
 * version, a share of the limit. Ends once, whoever comes first: with its scores, with a refusal,
 * or with whatever went wrong on the way, also while it was ended. Then everything is given back
 * and the caller hears of it. Otherwise used by one thread at a time: the one that handles the
 * arrival, then the one that ends it.
 */
abstract class PendingRequest implements RankCompletion {
  private static final VarHandle ENDED;

  static {
    try {
      ENDED = MethodHandles.lookup().findVarHandle(PendingRequest.class, "ended", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final RequestDispatcher dispatcher;
  private final MessageBytes bytes;
  private final RankResponder responder;

  /** Null if nobody wants to know. */
  private final RequestWatch watch;

  private volatile boolean ended;
  private Route route;
  private Admission.Permit permit;
  private RankTask task;

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

  /**
   * Writes the answer.
   *
   * @param result null if there are no rows, so that nothing ran
   */
  abstract byte[] encode(RankResult result, Timings timings) throws RankException;

  final void acquired(Route found) {
    route = found;
  }

  final void admitted(Admission.Permit granted) {
    permit = granted;
  }

  /** The scheduler is about to get it. */
  final void submitted(RankTask made) {
    task = made;
  }

  /** Null before {@link #acquired}. */
  final LoadedVersion version() {
    return route == null ? null : route.primary().version();
  }

  /** Bytes of its message. */
  final int messageBytes() {
    return bytes.length();
  }

  @Override
  public final void succeeded(RankResult result) {
    finish(result, Timings.of(result));
  }

  /** The request has no rows, so there is nothing to run. */
  final void succeedEmpty() {
    finish(null, Timings.NONE);
  }

  @Override
  public final void failed(RankException fault) {
    if (ENDED.compareAndSet(this, false, true)) {
      refuse(fault);
    }
  }

  /** It can't go on: a refusal, or something that nobody foresaw. */
  final void broken(Throwable cause) {
    failed(Failures.of(cause));
    if (task != null) {
      // The scheduler may have it: nothing shall run for it.
      task.cancel();
    }
  }

  private void finish(RankResult result, Timings timings) {
    byte[] answer;
    long start;
    try {
      start = dispatcher.now();
      dispatcher.steps().before(Step.ENCODE);
      answer = encode(result, timings);
      dispatcher.telemetry().encoded(version().scheduled(), dispatcher.now() - start);
    } catch (Throwable e) {
      broken(e);
      return;
    }
    if (!ENDED.compareAndSet(this, false, true)) {
      return;
    }
    release(Outcome.SUCCESS, timings.queueMicros() * 1_000L);
    try {
      dispatcher.steps().before(Step.ANSWER);
      responder.answer(answer);
    } catch (Throwable e) {
      refuseOnly(Failures.of(e));
      return;
    }
    if (watch != null) {
      Stages stages =
          new Stages(
              timings.queueMicros(),
              timings.assembleMicros(),
              timings.inferMicros(),
              start,
              timings.tiles(),
              timings.form().word());
      tell(Status.Code.OK, null, stages);
    }
  }

  private void refuse(RankException fault) {
    release(Outcome.of(fault.code()), 0);
    refuseOnly(fault);
  }

  private void refuseOnly(RankException fault) {
    try {
      dispatcher.steps().before(Step.REFUSE);
      responder.refuse(requestId(), fault);
    } catch (Throwable e) {
      Failures.report("a refusal could not be sent", e);
      responder.drop();
    }
    if (watch != null) {
      tell(Statuses.status(fault.code()), fault.getMessage(), null);
    }
  }

  private void tell(Status.Code code, String problem, Stages stages) {
    try {
      long number = route == null ? 0 : version().number();
      watch.ended(
          requestId(), modelName(), number, rows(), code, problem, dispatcher.now(), stages);
    } catch (Throwable e) {
      Failures.report("the request log failed", e);
    }
  }

  /** Gives back each thing, also if one of the others can't be; takes no memory for it. */
  private void release(Outcome outcome, long waitNanos) {
    try {
      dispatcher.steps().before(Step.RELEASE);
    } catch (Throwable e) {
      Failures.report("the end of a request failed", e);
    }
    try {
      releaseAll(outcome, waitNanos);
    } catch (Throwable e) {
      Failures.report("what a request held was not given back in order", e);
    }
  }

  private void releaseAll(Outcome outcome, long waitNanos) {
    try {
      if (permit != null) {
        permit.release(outcome, waitNanos);
      }
    } finally {
      try {
        if (route != null) {
          route.primary().close();
        }
      } finally {
        bytes.release();
      }
    }
  }
}
