package dev.podium.server.schedule;

import dev.podium.server.feature.signature.Signature.Output;
import java.util.Arrays;
import java.util.List;

/** Makes an answer of the tiles that were done in time. */
final class PartialScores {
  private PartialScores() {}

  /**
   * The partial answer of a task that has ended at its deadline, or null if there is nothing to
   * give: no tile is done and the version has no fallback score. Copies, since tiles that still run
   * may write into the task's own arrays.
   */
  static RankResult of(RankTask task) {
    float fallback = task.version.fallbackScore();
    if (SchedulerState.doneTiles(task) == 0 && Float.isNaN(fallback)) {
      return null;
    }
    List<Output> outputs = task.version.signature().outputs();
    float[][] scores = new float[outputs.size()][];
    for (int o = 0; o < scores.length; o++) {
      scores[o] = new float[Math.multiplyExact(task.rows, outputs.get(o).width())];
      Arrays.fill(scores[o], fallback);
    }
    int[] missing = new int[Math.multiplyExact(2, task.tiles)];
    int ends = 0;
    for (int tile = 0; tile < task.tiles; tile++) {
      int first = Slices.start(task.rows, task.tiles, tile);
      int end = Slices.start(task.rows, task.tiles, tile + 1);
      if (SchedulerState.isDone(task, tile)) {
        for (int o = 0; o < scores.length; o++) {
          int width = outputs.get(o).width();
          System.arraycopy(
              task.scores[o], first * width, scores[o], first * width, (end - first) * width);
        }
      } else if (ends > 0 && missing[ends - 1] == first) {
        missing[ends - 1] = end;
      } else {
        missing[ends++] = first;
        missing[ends++] = end;
      }
    }
    long taken = task.takenAt < 0 ? task.deadline : task.takenAt;
    return new RankResult(
        scores,
        Arrays.copyOf(missing, ends),
        Answers.micros(taken - task.arrival),
        Answers.micros(task.assembleNanos),
        Answers.micros(task.inferNanos),
        task.tilesRun,
        task.ran,
        task.warnings);
  }
}
