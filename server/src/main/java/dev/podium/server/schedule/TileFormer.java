package dev.podium.server.schedule;

import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.fault.Priority;

/**
 * Forms tiles: which task's turn it is has been decided, this says what of it, and what beside it,
 * a worker gets. Not thread-safe.
 */
final class TileFormer {
  private static final Priority[] PRIORITIES = Priority.values();

  private final ActiveFlows flows;
  private final RowPool pool;
  private final boolean shareTiles;

  /**
   * @param shareTiles whether small tasks may share a tile
   */
  TileFormer(ActiveFlows flows, RowPool pool, boolean shareTiles) {
    this.flows = flows;
    this.pool = pool;
    this.shareTiles = shareTiles;
  }

  /** Fills an empty tile with the first task of a flow and what goes with it. */
  void form(Flow flow, RankTask head, long now, Tile tile) {
    tile.version = head.version;
    tile.takenAt = now;
    tile.running = true;
    if (head.takenAt < 0) {
      head.takenAt = now;
    }
    ExecutionPlan plan = flow.version.plan();
    if (flow.sliced.contains(head)) {
      takeSlice(plan, head, tile);
    } else if (head.isLarge()) {
      takeLarge(plan, head, tile);
    } else {
      takeSmall(plan, head, now, tile);
    }
  }

  private void takeSlice(ExecutionPlan plan, RankTask task, Tile tile) {
    tile.add(task);
    int slice = task.nextTile++;
    tile.work = Tile.Work.SLICE;
    tile.slice = slice;
    tile.firstRow = Slices.start(task.rows, task.tiles, slice);
    tile.rows = Slices.start(task.rows, task.tiles, slice + 1) - tile.firstRow;
    tile.micros = task.tileMicros(plan);
    tile.waitingMicros = tile.micros;
    if (task.nextTile == task.tiles) {
      task.flow.sliced.remove(task);
      flows.allTaken();
    }
    flows.serve(task, tile.rows, tile.waitingMicros, tile.takenAt);
    flows.charge(task.flow, tile.micros);
  }

  private void takeLarge(ExecutionPlan plan, RankTask task, Tile tile) {
    tile.add(task);
    pool.reserve(task);
    task.flow.fresh.remove(task);
    tile.work = Tile.Work.PREPARE;
    tile.micros = plan.contextMicros(task.form);
    tile.waitingMicros = tile.micros;
    flows.serve(task, 0, tile.waitingMicros, tile.takenAt);
    flows.charge(task.flow, tile.micros);
  }

  private void takeSmall(ExecutionPlan plan, RankTask head, long now, Tile tile) {
    tile.work = Tile.Work.SMALL;
    tile.micros = head.micros;
    addSmall(head, now, tile);
    if (shareTiles && !head.alone) {
      for (RankTask next = partner(head.version.queue); next != null; ) {
        if (!SharingRule.joins(plan, tile.rows, tile.micros, next.rows, next.micros)) {
          break;
        }
        tile.micros = Math.max(1, plan.rowsCost().micros(tile.rows + next.rows));
        addSmall(next, now, tile);
        next = partner(head.version.queue);
      }
    }
    for (int i = 0; i < tile.count; i++) {
      RankTask task = tile.tasks[i];
      flows.charge(task.flow, tile.micros * task.rows / tile.rows);
    }
  }

  private void addSmall(RankTask task, long now, Tile tile) {
    tile.add(task);
    task.flow.fresh.remove(task);
    task.nextTile = 1;
    if (task.takenAt < 0) {
      task.takenAt = now;
    }
    tile.rows += task.rows;
    tile.waitingMicros += task.waitingMicros;
    flows.allTaken();
    flows.serve(task, task.rows, task.waitingMicros, now);
  }

  /**
   * The task of one tile that is due first in a version, of any priority; null if none may share.
   */
  private static RankTask partner(VersionQueue version) {
    RankTask best = null;
    for (Priority priority : PRIORITIES) {
      Flow flow = version.singles(priority);
      RankTask task = flow == null ? null : flow.fresh.peek();
      if (task != null && (best == null || task.due < best.due)) {
        best = task;
      }
    }
    return best == null || best.alone ? null : best;
  }
}
