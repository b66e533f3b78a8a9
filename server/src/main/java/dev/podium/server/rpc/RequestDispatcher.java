package dev.podium.server.rpc;

import dev.podium.server.access.CallAccess;
import dev.podium.server.admission.Admission;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.Binding;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.feature.wire.MessagePool;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.rpc.RequestSteps.Step;
import dev.podium.server.schedule.RankTask;
import dev.podium.server.schedule.TileScheduler;
import dev.podium.server.telemetry.Telemetry;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;

/**
 * What every protocol's requests pass on their way to the scheduler: room for their bytes, the
 * ceiling on rows, the model, the limit on rows. Thread-safe; one for a server.
 */
public final class RequestDispatcher {
  /**
   * Larger messages are read by a worker, whatever their model costs: on the thread that they
   * arrived on they would keep others waiting.
   */
  private static final int MOST_CALLER_BYTES = 64 << 10;

  private final ModelRepository repository;
  private final TileScheduler scheduler;
  private final Executor caller;
  private final Admission admission;
  private final Telemetry telemetry;
  private final LongSupplier clock;
  private final int maxCandidates;
  private final CallDeadline deadline;
  private final IntConsumer refund;
  private final RequestSteps steps;
  private final MessagePool pool = new MessagePool();
  private final ByteMethods methods = new ByteMethods(pool);

  /**
   * @param caller runs small tiles on the thread that a request arrived on
   * @param clock the scheduler's
   * @param maxCandidates the most candidates of one request
   * @param defaultDeadlineNanos for each request of calls without a deadline; 0 for none
   */
  public RequestDispatcher(
      ModelRepository repository,
      TileScheduler scheduler,
      Executor caller,
      Admission admission,
      Telemetry telemetry,
      LongSupplier clock,
      int maxCandidates,
      long defaultDeadlineNanos) {
    this(
        repository,
        scheduler,
        caller,
        admission,
        telemetry,
        clock,
        maxCandidates,
        defaultDeadlineNanos,
        RequestSteps.NONE);
  }

  RequestDispatcher(
      ModelRepository repository,
      TileScheduler scheduler,
      Executor caller,
      Admission admission,
      Telemetry telemetry,
      LongSupplier clock,
      int maxCandidates,
      long defaultDeadlineNanos,
      RequestSteps steps) {
    this.repository = repository;
    this.scheduler = scheduler;
    this.caller = caller;
    this.admission = admission;
    this.telemetry = telemetry;
    this.clock = clock;
    this.maxCandidates = maxCandidates;
    this.refund = admission::release;
    this.steps = steps;
    this.deadline = new CallDeadline(clock, defaultDeadlineNanos);
  }

  /** Where the messages lie. */
  MessagePool pool() {
    return pool;
  }

  ByteMethods methods() {
    return methods;
  }

  CallDeadline deadline() {
    return deadline;
  }

  Admission admission() {
    return admission;
  }

  Telemetry telemetry() {
    return telemetry;
  }

  long now() {
    return clock.getAsLong();
  }

  RequestSteps steps() {
    return steps;
  }

  /**
   * Makes room for a message's bytes; given back when nobody holds them any more.
   *
   * @throws RankException RESOURCE_EXHAUSTED if there is none
   */
  void receive(MessageBytes bytes) throws RankException {
    steps.before(Step.RECEIVE);
    if (!admission.tryReceive(bytes.length())) {
      throw admission.tooManyBytes();
    }
    bytes.onFree(refund);
  }

  /**
   * Takes a version for a request, and lets the request in.
   *
   * @param what names the row count in messages
   * @param version 0 for the newest available
   * @param access what the caller may do; the model was checked before
   * @throws RankException if it may not go on
   */
  void open(
      PendingRequest pending,
      String what,
      int rows,
      String model,
      long version,
      String label,
      Priority priority,
      CallAccess access)
      throws RankException {
    if (rows > maxCandidates) {
      throw new RankException(
          FaultCode.RESOURCE_EXHAUSTED,
          what + ": " + rows + " (expected: at most " + maxCandidates + ")");
    }
    steps.before(Step.OPEN);
    pending.acquired(repository.route(model, version, label, access::allows));
    if (rows > 0) {
      steps.before(Step.ADMIT);
      pending.admitted(admission.admit(model, rows, priority));
    }
  }

  /** Gives a request to the scheduler; there is at least one row. */
  RankTask submit(
      PendingRequest pending,
      Binding source,
      long arrivalNanos,
      long deadlineNanos,
      Priority priority,
      boolean allowPartial) {
    RankTask task =
        new RankTask(
            pending.version().scheduled(),
            source,
            arrivalNanos,
            deadlineNanos,
            priority,
            allowPartial,
            pending);
    pending.submitted(task);
    steps.before(Step.SUBMIT);
    scheduler.submit(task, pending.messageBytes() > MOST_CALLER_BYTES ? null : caller);
    return task;
  }
}
