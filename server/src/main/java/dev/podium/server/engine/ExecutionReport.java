package dev.podium.server.engine;

import dev.podium.graph.Report;
import java.util.List;

/**
 * What was found out about a model when it was loaded: what the compiler did, whether it is the
 * same function, and what pays at which size. For people and their dashboards; the numbers that
 * decide are in {@link ExecutionPlan}.
 *
 * @param reason why the exported graph serves; empty if the split form does
 * @param compiler what the compiler did to the graph and what it refused; null if it was not asked
 * @param dropped passes that were tried and did not pay, a sentence each
 * @param forms what else was tried: for requests with short histories, for rows of different
 *     contexts; a sentence each
 * @param probes requests on which the forms were compared
 * @param largestDifference of a served score from the exported graph's, on them
 * @param servedError the largest error of a served score on them, from the function in double
 *     precision
 * @param exportedError the same of the exported graph
 * @param reference what the errors are measured from, in a few words
 * @param mixing how rows depend on each other
 * @param mixedBy where and how rows meet, a sentence; empty if they don't
 * @param speeds times by row count, ascending; empty if nothing was measured
 * @param loadMillis time that compiling, proving and measuring took
 */
public record ExecutionReport(
    String reason,
    Report compiler,
    List<String> dropped,
    List<String> forms,
    int probes,
    double largestDifference,
    double servedError,
    double exportedError,
    String reference,
    RowMixing mixing,
    String mixedBy,
    List<Speed> speeds,
    long loadMillis) {

  /**
   * What a request of some rows costs on one worker.
   *
   * @param exportedMicros in the exported graph, in one run
   * @param servedMicros as it is served: form and tiles by the plan
   * @param form in which it is served
   */
  public record Speed(int rows, double exportedMicros, double servedMicros, Form form) {
    /** How much faster it is served than exported. */
    public double ratio() {
      return exportedMicros / servedMicros;
    }
  }

  public ExecutionReport {
    dropped = List.copyOf(dropped);
    forms = List.copyOf(forms);
    speeds = List.copyOf(speeds);
  }
}
