package dev.podium.server.engine;

import dev.podium.server.fault.RankException;
import java.util.Arrays;
import java.util.List;

/** Costs that a test decides: all that is tried pays, except what it names. Runs each once. */
final class DecidedCosts implements CostMeter {
  private final List<String> vain;

  private DecidedCosts(List<String> vain) {
    this.vain = vain;
  }

  /**
   * ONNX Runtime with such costs.
   *
   * @param vain what does not pay: a pass, or what else {@link CostMeter#micros} is told
   */
  static Engine engine(String... vain) {
    return new OnnxEngine(onCallingThread -> new DecidedCosts(List.of(vain)));
  }

  @Override
  public double[] micros(String what, long budgetNanos, Run... alternatives) throws RankException {
    for (Run run : alternatives) {
      run.run();
    }
    boolean pays = !vain.contains(what.replace("without ", ""));
    if (what.equals("forms")) {
      // The exported graph, the halves' tile twice, the context half, whole rows.
      double[] costs =
          pays ? new double[] {100, 20, 20, 10, 50} : new double[] {10, 20, 20, 10, 50};
      return Arrays.copyOf(costs, alternatives.length);
    }
    double[] micros = new double[alternatives.length];
    Arrays.fill(micros, 100);
    // What is tried comes first, but a pass is tried by leaving it out.
    micros[what.startsWith("without ") == pays ? 1 : 0] = 50;
    return micros;
  }

  @Override
  public void settle(Run run, double enoughMicros) throws RankException {
    run.run();
  }
}
