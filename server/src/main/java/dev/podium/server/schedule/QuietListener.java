package dev.podium.server.schedule;

import dev.podium.server.engine.Form;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.AssemblyTally;
import java.io.IOException;

/** Passes everything on to a listener, and keeps what that throws from the scheduler. */
final class QuietListener implements SchedulerListener {
  private final SchedulerListener target;

  QuietListener(SchedulerListener target) {
    this.target = target;
  }

  @Override
  public void refused(ServedVersion version, int rows, RefusalReason reason) {
    try {
      target.refused(version, rows, reason);
    } catch (Throwable e) {
      Quietly.report(e);
    }
  }

  @Override
  public void ended(
      ServedVersion version,
      int rows,
      Outcome outcome,
      long waitNanos,
      long totalNanos,
      RankResult result,
      RankException fault) {
    try {
      target.ended(version, rows, outcome, waitNanos, totalNanos, result, fault);
    } catch (Throwable e) {
      Quietly.report(e);
    }
  }

  @Override
  public void assembled(ServedVersion version, AssemblyTally tally, long nanos) {
    try {
      target.assembled(version, tally, nanos);
    } catch (Throwable e) {
      Quietly.report(e);
    }
  }

  @Override
  public void tileRan(
      ServedVersion version, int rows, int capacity, int requests, Form form, long nanos) {
    try {
      target.tileRan(version, rows, capacity, requests, form, nanos);
    } catch (Throwable e) {
      Quietly.report(e);
    }
  }

  @Override
  public void workerNotBound(int worker, IOException cause) {
    try {
      target.workerNotBound(worker, cause);
    } catch (Throwable e) {
      Quietly.report(e);
    }
  }

  @Override
  public void rerunAlone(ServedVersion version, int requests) {
    try {
      target.rerunAlone(version, requests);
    } catch (Throwable e) {
      Quietly.report(e);
    }
  }

  @Override
  public void ranAbandoned(ServedVersion version, int rows) {
    try {
      target.ranAbandoned(version, rows);
    } catch (Throwable e) {
      Quietly.report(e);
    }
  }

  @Override
  public void workerReplaced(Throwable cause) {
    try {
      target.workerReplaced(cause);
    } catch (Throwable e) {
      Quietly.report(e);
    }
  }
}
