package dev.podium.server.schedule;

import java.util.List;

/**
 * How long a task would wait if it were let in. Two estimates, of which the longer counts. One is
 * the fluid limit of fair queueing: what is ahead in the task's own flow, and what the other flows
 * may do meanwhile, each no more than its share and no more than it has. It knows nothing of what
 * the others are still to get. The other is the pace at which the flow was served of late while it
 * waited, which does.
 */
final class WaitEstimate {
  private WaitEstimate() {}

  /**
   * Expected time until a worker can start on the task's last tile, in microseconds; 0 if one is
   * free now.
   *
   * @param active flows in which something waits
   * @param own the task's flow
   * @param due when the task is due; those due later in its flow don't delay it
   * @param ownMicros the task's own work, stretched
   * @param runningMicros work that is being done, stretched, of which half is expected to be left
   * @param workers number of workers
   */
  static double micros(
      List<Flow> active, Flow own, long due, double ownMicros, double runningMicros, int workers) {
    double ahead = own.microsDueBefore(due);
    double stretched = ahead * own.version.stretch();
    double others = 0;
    for (int i = 0; i < active.size(); i++) {
      Flow flow = active.get(i);
      if (flow != own) {
        double share = (stretched + ownMicros) * flow.weight / own.weight;
        others += Math.min(flow.waitingMicros * flow.version.stretch(), share);
      }
    }
    double fluid = (stretched + others + runningMicros / 2) / workers;
    return Math.max(fluid, own.paceMicros(ahead));
  }
}
