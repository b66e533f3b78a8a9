package dev.podium.loadtest.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Map;

/**
 * One load test, as it stands in its JSON file. Latencies count from the planned send time. Times
 * in milliseconds end in {@code _ms}, in seconds in {@code _s}.
 *
 * @param format name and version of this form
 * @param started ISO 8601
 * @param partial null if the plan was sent to its end, otherwise why not
 * @param voided null if the figures hold, otherwise why they don't
 * @param workload what was sent, by name
 * @param steps the measured steps; of a search, its runs
 * @param search null unless the run was a search
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.ALWAYS)
public record RunReport(
    String format,
    String started,
    String target,
    String model,
    String protocol,
    String partial,
    String voided,
    Map<String, Object> workload,
    List<Step> steps,
    WarmUp warmUp,
    Generator generator,
    Search search,
    List<Assertion> assertions,
    Map<String, Object> machine) {

  /** This form's name. */
  public static final String FORMAT = "podium-loadtest/1";

  /**
   * A step.
   *
   * @param rate planned requests a second
   * @param startS from the beginning of the run
   * @param started requests that became due before the run ended
   * @param voided null, or why the step's figures don't hold
   * @param latencyMs of answered requests; null if there are none
   * @param percentiles pairs of a share from 0 to 1 and a latency in milliseconds
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Step(
      double rate,
      double startS,
      double durationS,
      long planned,
      long started,
      long ok,
      long failed,
      Map<String, Failures> failures,
      double okPerS,
      double candidatesPerS,
      double lagP99Ms,
      String voided,
      Latency latencyMs,
      List<double[]> percentiles,
      List<Slice> slices) {}

  /** Failures of one status, with the words of the first. */
  public record Failures(long count, String example) {}

  /** Latencies of answered requests in milliseconds. */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Latency(
      double mean,
      double p50,
      double p90,
      double p95,
      double p99,
      @com.fasterxml.jackson.annotation.JsonProperty("p99_9") double p999,
      double max) {}

  /**
   * A slice of time: the requests that were planned in it.
   *
   * @param tS its beginning, from the beginning of the run
   * @param heat pairs of a bucket and a count; bucket b begins at 2^(b/4) microseconds
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Slice(
      @com.fasterxml.jackson.annotation.JsonProperty("t_s") double tS,
      @com.fasterxml.jackson.annotation.JsonProperty("length_s") double lengthS,
      long planned,
      long ok,
      long failed,
      Double p50Ms,
      Double p90Ms,
      Double p99Ms,
      Double maxMs,
      List<long[]> heat) {}

  /** The part before the measured steps. */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record WarmUp(double durationS, long started, long ok, long failed) {}

  /**
   * The generator's own cost.
   *
   * @param cpuMsPerRequest CPU time of its process for each measured request
   * @param lagP99Ms how much later than planned requests were sent
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Generator(
      double cpuMsPerRequest,
      double lagP99Ms,
      double lagMaxMs,
      int requestsBuilt,
      double requestBytes) {}

  /** What a search walked and found. */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Search(
      String slo, double foundRate, boolean confirmed, String reason, List<SearchRun> runs) {}

  /** One run of a search. */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record SearchRun(double rate, String result, Double p99Ms, double errorShare) {}

  /** The verdict on one term of {@code --assert}, of one step. */
  public record Assertion(String term, double rate, boolean held, String line) {}
}
