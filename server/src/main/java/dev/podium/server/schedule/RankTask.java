package dev.podium.server.schedule;

import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.Form;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.Binding;
import dev.podium.server.feature.assembly.TensorBuffers;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;

/**
 * One request on its way through the scheduler: made by the caller, given once to {@link
 * TileScheduler#submit}, ended exactly once. Only {@link #cancel} and {@link #isEnded} are for the
 * caller, from any thread.
 */
public final class RankTask {
  /** For a task that may take as long as it takes. */
  public static final long NO_DEADLINE = Long.MAX_VALUE;

  /** It belongs to its caller. */
  private static final int NEW = 0;

  /** It belongs to the scheduler, under whose lock alone it ends. */
  private static final int ACCEPTED = 1;

  /** It was answered, or is about to be by whoever ended it. */
  private static final int ENDED = 2;

  private static final VarHandle PHASE;

  static {
    try {
      PHASE = MethodHandles.lookup().findVarHandle(RankTask.class, "phase", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final ServedVersion version;
  final Binding request;
  final int rows;
  final long arrivalNanos;
  final long deadlineNanos;
  final Priority priority;
  final boolean allowPartial;
  final RankCompletion completion;

  private volatile int phase = NEW;

  /** Set by submit, before the phase changes; null before. */
  private volatile Ending owner;

  /** How far it got; for {@link SchedulerState}. */
  final SchedulerState.Progress progress = new SchedulerState.Progress();

  // Set under the lock when it is taken in, and not changed afterwards. Times are nanoseconds since
  // the scheduler was made.
  long arrival;
  long deadline;
  Form form;
  int tiles;

  /** What it is expected to cost by itself, in microseconds. */
  double micros;

  // How it waits; for the TileQueue and what it consists of, which the lock guards as a whole.
  long due;
  long sequence;
  int dueIndex = -1;
  int deadlineIndex = -1;
  Flow flow;
  boolean alone;

  /** The part of its work that is not yet handed out, in microseconds. */
  double waitingMicros;

  /** The tile that is handed out next; too large while none waits. */
  int nextTile = Integer.MAX_VALUE;

  // Handed from worker to worker with its tiles. The lock, under which tiles are taken and
  // finished,
  // lies between one that writes and the next that reads.

  /** When a worker took it first; -1 before. Written under the lock. */
  long takenAt = -1;

  long assembleNanos;
  long inferNanos;
  int tilesRun;
  TensorBuffers assembled;
  ContextTensors context;
  float[][] scores;

  /** The form that its rows ran in: another than planned where it shares a tile. */
  Form ran;

  List<String> warnings = List.of();

  /**
   * @param version shall score it
   * @param request bound to the version; at least one row
   * @param arrivalNanos when it had arrived, on the scheduler's clock
   * @param deadlineNanos when nobody waits for it any more, on the same clock, or {@link
   *     #NO_DEADLINE}
   * @param priority who is served first when there is too much to do
   * @param allowPartial whether, shortly before the deadline, the rows scored so far are welcome
   * @param completion hears how it ended
   */
  public RankTask(
      ServedVersion version,
      Binding request,
      long arrivalNanos,
      long deadlineNanos,
      Priority priority,
      boolean allowPartial,
      RankCompletion completion) {
    this(
        version,
        request,
        request.rows(),
        arrivalNanos,
        deadlineNanos,
        priority,
        allowPartial,
        completion);
  }

  /** For simulations, which have no messages. */
  RankTask(
      ServedVersion version,
      Binding request,
      int rows,
      long arrivalNanos,
      long deadlineNanos,
      Priority priority,
      boolean allowPartial,
      RankCompletion completion) {
    if (rows < 1) {
      throw new IllegalArgumentException("rows: " + rows + " (expected: at least 1)");
    }
    this.version = Objects.requireNonNull(version);
    this.request = request;
    this.rows = rows;
    this.arrivalNanos = arrivalNanos;
    this.deadlineNanos = deadlineNanos;
    this.priority = Objects.requireNonNull(priority);
    this.allowPartial = allowPartial;
    this.completion = Objects.requireNonNull(completion);
  }

  /**
   * Ends the task with CANCELLED unless it has ended. Nothing runs for it afterwards; a tile that
   * runs for it alone is stopped.
   *
   * @return whether this call ended it
   */
  public boolean cancel() {
    RankException fault = new RankException(FaultCode.CANCELLED, "cancelled by the caller");
    if (PHASE.compareAndSet(this, NEW, ENDED)) {
      Answers.fail(completion, fault);
      return true;
    }
    return owner != null && owner.cancel(this, fault);
  }

  /** Whether it was answered, refused, cancelled or expired. */
  public boolean isEnded() {
    return phase == ENDED;
  }

  /**
   * The task is offered to a scheduler.
   *
   * @throws IllegalStateException if it was before
   */
  void offeredTo(Ending scheduler) {
    if (owner != null) {
      throw new IllegalStateException("task: submitted twice (expected: once)");
    }
    owner = scheduler;
  }

  /** Takes it over from its caller; false if that has cancelled it. Called under the lock. */
  boolean tryAccept() {
    return PHASE.compareAndSet(this, NEW, ACCEPTED);
  }

  /** Whoever gets true calls the completion. Called under the lock once it was offered. */
  boolean tryEnd() {
    return (int) PHASE.getAndSet(this, ENDED) != ENDED;
  }

  /** Whether it takes several tiles. */
  boolean isLarge() {
    return tiles > 1;
  }

  /** Decides the form and cuts it into tiles. */
  void plan(ExecutionPlan plan) {
    boolean oneContext = request == null || request.sharesContext();
    form = oneContext ? plan.form(rows) : plan.rowsForm();
    ran = form;
    tiles = plan.mixing().cuts(oneContext) ? Slices.count(rows, plan.tileRows()) : 1;
    double perTile = tileMicros(plan);
    micros = tiles * perTile + plan.contextMicros(form);
    waitingMicros = micros;
  }

  /** What one of its tiles is expected to take, in microseconds; never 0. */
  double tileMicros(ExecutionPlan plan) {
    int largest = Slices.largest(rows, tiles);
    return Math.max(1, plan.tileMicros(form, largest));
  }
}
