package dev.podium.server.schedule;

import dev.podium.server.engine.Form;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.AssemblyTally;
import java.io.IOException;

/**
 * Hears what the scheduler does, for meters. Called outside the scheduler's lock, on the thread
 * that did it; must be thread-safe and quick. What it throws goes to the thread's handler of
 * uncaught exceptions and harms nobody. All methods do nothing unless overridden.
 */
public interface SchedulerListener {
  /** Does nothing. */
  SchedulerListener NONE = new SchedulerListener() {};

  /** Why a task never got into the queue. */
  enum RefusalReason {
    /** The queue holds as many rows as it may. */
    QUEUE_FULL,
    /** Work would wait longer than it may. */
    WAIT_TOO_LONG,
    /** The queue would outlive the task's deadline. */
    DEADLINE_TOO_NEAR,
    /** The scheduler is draining, or the version is being unloaded. */
    UNAVAILABLE
  }

  /** How an accepted task ended. */
  enum Outcome {
    /** All rows were scored. */
    SCORED,
    /** Some were; the task allowed that. */
    PARTIAL,
    /** Its own fault, or the model's. */
    FAILED,
    /** Its deadline passed, or could no longer be met. */
    EXPIRED,
    /** The caller gave up. */
    CANCELLED,
    /** The scheduler was closed before it ran. */
    DROPPED
  }

  /** A task was refused. */
  default void refused(ServedVersion version, int rows, RefusalReason reason) {}

  /**
   * An accepted task ended.
   *
   * @param waitNanos from its arrival until a worker took it, or until it ended if none did
   * @param totalNanos from its arrival until it ended
   * @param result the scores; null unless SCORED or PARTIAL
   * @param fault why there are none; null if there are
   */
  default void ended(
      ServedVersion version,
      int rows,
      Outcome outcome,
      long waitNanos,
      long totalNanos,
      RankResult result,
      RankException fault) {}

  /** A request's features were assembled. The tally is cleared afterwards. */
  default void assembled(ServedVersion version, AssemblyTally tally, long nanos) {}

  /**
   * A tile ran.
   *
   * @param rows rows in it
   * @param capacity rows that it could have had
   * @param requests requests that shared it
   * @param form in which its rows ran
   * @param nanos time in the runtime
   */
  default void tileRan(
      ServedVersion version, int rows, int capacity, int requests, Form form, long nanos) {}

  /** A worker's thread could not be bound to its processor, and runs on any. */
  default void workerNotBound(int worker, IOException cause) {}

  /** A shared tile failed, and each of its requests is run again alone. */
  default void rerunAlone(ServedVersion version, int requests) {}

  /** Rows of a tile whose request ended while the tile ran. */
  default void ranAbandoned(ServedVersion version, int rows) {}

  /**
   * A worker failed of something that no request should be able to cause. The requests of its tile
   * failed, its buffers were freed, and it works on with new ones.
   */
  default void workerReplaced(Throwable cause) {}
}
