package dev.podium.server.engine.tune;

import dev.podium.server.fault.RankException;

/** Tells what runs cost: what a model is served with is chosen by it. */
public interface CostMeter {
  /** Something to time. */
  @FunctionalInterface
  interface Run {
    void run() throws RankException;
  }

  /** Makes the meter for a graph. */
  @FunctionalInterface
  interface Maker {
    /**
     * @param onCallingThread whether the graph's runs stay on the calling thread
     */
    CostMeter make(boolean onCallingThread);
  }

  /**
   * Median times of some alternatives in microseconds, run in turns so that they meet the same
   * machine.
   *
   * @param what what is decided by them
   * @param budgetNanos for all runs together; each is run a few times at least
   */
  double[] micros(String what, long budgetNanos, Run... alternatives) throws RankException;

  /**
   * Repeats a run until it is fast enough, or for a while: Java is interpreted at first, and is
   * compiled beside the runs.
   */
  void settle(Run run, double enoughMicros) throws RankException;

  /**
   * Times runs: by the calling thread's processor time, or by the clock on the wall.
   *
   * @param onCallingThread whether runs stay on the calling thread
   */
  static CostMeter ofThisMachine(boolean onCallingThread) {
    return new ProcessorTimeMeter(onCallingThread);
  }
}
