package dev.podium.server.engine.tune;

import dev.podium.server.engine.Engine;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.fault.RankException;
import java.util.Arrays;
import java.util.function.Predicate;

/** Costs that a test decides. Runs each alternative once. */
final class DecidedCosts implements CostMeter {
  /** Forms and passes all pay. */
  static final Predicate<String> ALL_PAY = what -> !what.startsWith("without ");

  private final Predicate<String> pays;

  private DecidedCosts(Predicate<String> pays) {
    this.pays = pays;
  }

  /**
   * ONNX Runtime with such costs.
   *
   * @param pays whether what is tried pays, by what {@link CostMeter#micros} is told, or doing
   *     without a pass
   */
  static Engine engine(Predicate<String> pays) {
    return new OnnxEngine(onCallingThread -> new DecidedCosts(pays));
  }

  /** A meter that tells such costs. */
  static CostMeter meter(Predicate<String> pays) {
    return new DecidedCosts(pays);
  }

  @Override
  public double[] micros(String what, long budgetNanos, Run... alternatives) throws RankException {
    for (Run run : alternatives) {
      run.run();
    }
    if (what.equals("forms")) {
      // The exported graph, the halves' tile twice, the context half, whole rows.
      double[] costs = {pays.test(what) ? 100 : 10, 20, 20, 10, 50};
      return Arrays.copyOf(costs, alternatives.length);
    }
    double[] micros = new double[alternatives.length];
    Arrays.fill(micros, 100);
    micros[pays.test(what) ? 0 : 1] = 50;
    return micros;
  }

  @Override
  public void settle(Run run, double enoughMicros) throws RankException {
    run.run();
  }
}
