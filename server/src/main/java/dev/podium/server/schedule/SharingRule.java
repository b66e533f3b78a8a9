package dev.podium.server.schedule;

import dev.podium.server.engine.ExecutionPlan;

/** Whether small tasks are better off in one tile than each in its own. */
final class SharingRule {
  private SharingRule() {}

  /**
   * Whether one more task should join a tile.
   *
   * @param plan the version's plan
   * @param tileRows rows in the tile so far
   * @param tileMicros what the tile would cost as it is, in microseconds
   * @param rows rows of the task that might join
   * @param aloneMicros what that task would cost by itself, in the form that is best for it
   */
  static boolean joins(
      ExecutionPlan plan, int tileRows, double tileMicros, int rows, double aloneMicros) {
    return plan.mixing().sharesTiles()
        && tileRows + rows <= plan.tileRows()
        && plan.rowsCost().micros(tileRows + rows) <= tileMicros + aloneMicros;
  }
}
