package dev.podium.server.engine.tune;

import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.device.Device;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Signature;

/**
 * What every step works with: the exported graph, and how forms of it are tried. Immutable.
 *
 * @param exported what other forms are compared with; belongs to whoever prepares
 * @param facts what is read of the graph
 * @param truth what other forms are judged by; belongs to whoever prepares. Null if the function
 *     can't be computed in double precision
 * @param capacity the most rows of one run
 */
record Workbench(
    Signature signature,
    RunnableGraph exported,
    GraphFacts facts,
    Truth truth,
    Proof proof,
    CostMeter meter,
    Device device,
    TuningOptions options,
    int capacity) {
  /** What is tried must make tiles this much cheaper to stay. */
  static final double WORTH = 0.98;

  /** Rows of a tile on which passes and forms are tried. */
  static final int TRIAL_ROWS = 128;

  /** For each thing that is timed. */
  static final long BUDGET_NANOS = 20_000_000;

  static final long SEED = 20_170_613;

  /** Made-up requests; each call begins with the same ones. */
  RandomProbes random() {
    return new RandomProbes(signature, facts.thresholds(), SEED);
  }

  /** A tile that costs the most: all histories full. */
  Probe trialTile() {
    return random().next(TRIAL_ROWS, Draw.FULL);
  }

  /** A runner that takes all probes. The caller closes it. */
  TileRunner runner(RunnableGraph graph) {
    return graph.newRunner(capacity);
  }

  /** Time of a tile in the first graph's candidate half, relative to the second's. */
  double ratio(String what, SplitGraph first, SplitGraph second, Probe probe) throws RankException {
    int rows = probe.count();
    try (TileRunner one = runner(first);
        TileRunner other = runner(second);
        ContextTensors ofOne = Proof.fill(one, probe);
        ContextTensors ofOther = Proof.fill(other, probe)) {
      double[] micros =
          meter.micros(
              what,
              BUDGET_NANOS,
              () -> one.runCandidates(ofOne, rows),
              () -> other.runCandidates(ofOther, rows));
      return micros[0] / micros[1];
    }
  }
}
