package dev.podium.loadtest;

import dev.podium.loadtest.arrivals.ArrivalShape;
import dev.podium.loadtest.arrivals.Durations;
import dev.podium.loadtest.arrivals.Rates;
import dev.podium.loadtest.fault.CommandErrors;
import dev.podium.loadtest.fault.InputException;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.loadtest.measure.OpenLoop;
import dev.podium.loadtest.protocol.Target;
import dev.podium.loadtest.protocol.TensorRules;
import dev.podium.loadtest.report.Comparison;
import dev.podium.loadtest.report.CsvReport;
import dev.podium.loadtest.report.HtmlReport;
import dev.podium.loadtest.report.JsonReport;
import dev.podium.loadtest.report.ReportFile;
import dev.podium.loadtest.report.RunReport;
import dev.podium.loadtest.report.Terminal;
import dev.podium.loadtest.run.Interrupt;
import dev.podium.loadtest.run.LoadRun;
import dev.podium.loadtest.run.LoadSession;
import dev.podium.loadtest.run.ScoreCheck;
import dev.podium.loadtest.search.MaxRateSearch;
import dev.podium.loadtest.search.Slo;
import dev.podium.loadtest.workload.WorkloadSpec;
import dev.podium.ranking.v1.ModelSpec;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code podium loadtest}. Exit status: 0 done, 1 the run failed or an assertion did, 2 the command
 * line or a file is wrong.
 */
@Command(
    name = "loadtest",
    sortOptions = false,
    description =
        "Sends planned load to a ranking server and measures latency from the planned times.")
public final class LoadtestCommand implements Callable<Integer> {
  private static final int FEWEST_REQUESTS_OF_A_SEARCH_RUN = 100;

  /** Of two scores of the same candidate through two protocols. */
  private static final double MOST_DIFFERENCE = 1e-5;

  @Option(
      names = "--target",
      paramLabel = "T",
      description = "Where the server listens: HOST:PORT or unix:/PATH.")
  String target;

  @Option(names = "--model", paramLabel = "M", description = "The model.")
  String model;

  @Option(names = "--model-version", paramLabel = "N", description = "Version of the model.")
  Long modelVersion;

  @Option(names = "--label", paramLabel = "L", description = "Label of a version.")
  String label;

  @Option(
      names = "--protocol",
      paramLabel = "P",
      defaultValue = "ranking",
      description = "ranking, or oip for the Open Inference Protocol. Default: ${DEFAULT-VALUE}.")
  String protocol;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "Requests a second: 200, steps 100,200,400 or a ramp 100..1000:10.")
  String rate;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "10s",
      description = "Length of each step, or of a search's run. Default: ${DEFAULT-VALUE}.")
  String duration;

  @Option(
      names = "--warmup",
      paramLabel = "D",
      defaultValue = "2s",
      description = "Time before the first step, not measured. Default: ${DEFAULT-VALUE}.")
  String warmUp;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "20000000",
      description = "The most requests, warm-up included. Default: ${DEFAULT-VALUE}.")
  long requests;

  @Option(
      names = "--arrivals",
      paramLabel = "A",
      defaultValue = "poisson",
      description = "constant, poisson, bursts:SIZE or replay:FILE. Default: ${DEFAULT-VALUE}.")
  String arrivals;

  @Mixin WorkloadOptions workload = new WorkloadOptions();
  @Mixin ConnectionOptions connection = new ConnectionOptions();

  @Option(
      names = "--deadline",
      paramLabel = "D",
      defaultValue = "1s",
      description = "Deadline of each request. Default: ${DEFAULT-VALUE}.")
  String deadline;

  @Option(
      names = "--max-in-flight",
      paramLabel = "N",
      defaultValue = "10000",
      description = "More in flight count as failed, NOT_SENT. Default: ${DEFAULT-VALUE}.")
  int maxInFlight;

  @Option(
      names = "--max-lag",
      paramLabel = "D",
      description =
          "How late 1 %% of the requests may be sent before the figures are void. Default: a tenth of the p99 latency,"
              + " at least 1ms.")
  String maxLag;

  @Option(
      names = "--gone-after",
      paramLabel = "D",
      defaultValue = "3s",
      description =
          "End the run when the server can't be reached for this long; 0s: never. Default: ${DEFAULT-VALUE}.")
  String goneAfter;

  @Option(
      names = "--built",
      paramLabel = "N",
      defaultValue = "1000",
      description =
          "Requests built before the clock starts and sent in turn. Default: ${DEFAULT-VALUE}.")
  int built;

  @Option(
      names = "--model-yaml",
      paramLabel = "FILE",
      description = "With oip: which input each feature fills, padding, vocabularies.")
  Path modelYaml;

  @Option(
      names = "--signature-from",
      paramLabel = "T",
      description = "A Podium server that knows the model's signature, where the target has none.")
  String signatureFrom;

  @Option(
      names = "--verify",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Send N requests through both protocols and compare the scores, candidate by candidate. Without --rate,"
              + " send no load.")
  int verify;

  @Option(
      names = "--find-max",
      description = "Search for the highest rate that holds --slo, beginning at --rate.")
  boolean findMax;

  @Option(
      names = "--slo",
      paramLabel = "O",
      description = "Objective, such as p99=20ms,errors=0.1%%.")
  String slo;

  @Option(
      names = "--tolerance",
      paramLabel = "X",
      defaultValue = "0.05",
      description =
          "Gap at which the search ends, as a share of the rate. Default: ${DEFAULT-VALUE}.")
  double tolerance;

  @Option(
      names = "--confirm",
      paramLabel = "N",
      defaultValue = "6",
      description =
          "Runs at the rate found after the first, in turns with the next rate; most must hold. Default:"
              + " ${DEFAULT-VALUE}.")
  int confirm;

  @Option(
      names = "--max-rate",
      paramLabel = "R",
      defaultValue = "100000",
      description = "The highest rate that the search tries. Default: ${DEFAULT-VALUE}.")
  double maxRate;

  @Option(
      names = "--max-runs",
      paramLabel = "N",
      defaultValue = "60",
      description = "The most runs of a search. Default: ${DEFAULT-VALUE}.")
  int maxRuns;

  @Option(
      names = "--assert",
      paramLabel = "O",
      description = "Exit with 1 unless every step holds, such as p99=20ms,errors=0.1%%.")
  String assertion;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the report as JSON.")
  Path json;

  @Option(names = "--csv", paramLabel = "FILE", description = "Write slices of time as CSV.")
  Path csv;

  @Option(names = "--html", paramLabel = "FILE", description = "Write a page with plots.")
  Path html;

  @Option(
      names = "--compare",
      arity = "2",
      paramLabel = "A.json B.json",
      description = "Compare two reports instead of running; --html draws both.")
  List<Path> compare;

  @Option(names = "--quiet", description = "Print no live line.")
  boolean quiet;

  @Spec CommandSpec spec;

  @Override
  public Integer call() {
    return CommandErrors.guard(spec, this::run);
  }

  @SuppressWarnings("try") // the interrupt is only held open
  private int run() {
    PrintWriter out = spec.commandLine().getOut();
    if (compare != null) {
      RunReport a = JsonReport.read(compare.get(0));
      RunReport b = JsonReport.read(compare.get(1));
      ReportFile.write(html, () -> HtmlReport.toHtml(List.of(a, b)));
      out.print(Comparison.text(a, b));
      out.flush();
      return 0;
    }
    // Everything that can be wrong is read before anything is sent.
    LoadRun.Plans plans = verifyAlone() ? null : plans();
    LoadSession.Settings settings = settings(plans == null ? options() : plans.options());
    for (Path file : new Path[] {json, csv, html}) {
      ReportFile.checkWritable(file);
    }
    RunReport report;
    try (LoadSession session = LoadSession.open(settings);
        Interrupt interrupt = Interrupt.of(session)) {
      if (verify > 0) {
        verify(session, out);
      }
      if (plans == null) {
        return 0;
      }
      LoadRun run =
          new LoadRun(settings, session, plans, quiet ? null : spec.commandLine().getErr());
      report = findMax ? run.search(out) : run.once();
      ReportFile.write(json, () -> JsonReport.toPrettyJson(report));
      ReportFile.write(csv, () -> CsvReport.toCsv(report));
      ReportFile.write(html, () -> HtmlReport.toHtml(List.of(report)));
      out.print(Terminal.summary(report));
      out.flush();
    }
    boolean failed = report.partial() != null || report.voided() != null;
    for (RunReport.Assertion check : report.assertions()) {
      if (!check.held()) {
        spec.commandLine()
            .getErr()
            .println(
                spec.qualifiedName()
                    + ": assertion failed at "
                    + check.rate()
                    + "/s: "
                    + check.line());
        failed = true;
      }
    }
    if (report.search() != null && report.search().foundRate() == 0) {
      failed = true;
    }
    return failed ? 1 : 0;
  }

  private void verify(LoadSession session, PrintWriter out) {
    ScoreCheck.Result result = session.verify(verify);
    double difference = result.largestDifference();
    out.printf(
        Locale.ROOT,
        "verified: %d requests, %d scores, through ranking and oip; largest difference %.2g (%s)%n",
        result.requests(),
        result.scores(),
        difference,
        result.where());
    for (ScoreCheck.Figures figures : List.of(result.one(), result.other())) {
      out.printf(
          Locale.ROOT,
          "  %-8s p50 %.2f ms, p99 %.2f ms, one at a time; %.0f bytes a request%n",
          figures.protocol(),
          figures.p50Millis(),
          figures.p99Millis(),
          figures.requestBytes());
    }
    out.flush();
    if (!(difference <= MOST_DIFFERENCE)) {
      throw new WorkFailedException(
          String.format(
              Locale.ROOT,
              "verify: largest difference %s at %s (expected: at most %s)",
              difference,
              result.where(),
              MOST_DIFFERENCE));
    }
  }

  private boolean verifyAlone() {
    return verify > 0 && rate == null && !findMax && !arrivals.startsWith("replay");
  }

  private OpenLoop.Options options() {
    atLeast("max-in-flight", maxInFlight, 1);
    atLeast("built", built, 1);
    atLeast("connections", connection.connections, 1);
    atLeast("threads", connection.threads, 1);
    return new OpenLoop.Options(
        positive("deadline", deadline),
        maxInFlight,
        1_000_000_000L,
        Durations.parseNanos("gone-after", goneAfter));
  }

  private LoadRun.Plans plans() {
    ArrivalShape shape = ArrivalShape.parse(arrivals);
    boolean replay = shape instanceof ArrivalShape.Replay;
    if (rate == null && !replay) {
      throw new InputException("rate: missing (expected: --rate, requests a second)");
    }
    List<Double> rates = rate == null ? List.of() : Rates.parse(rate);
    if (findMax != (slo != null)) {
      throw new InputException("find-max: needs --slo, and --slo needs --find-max");
    }
    if (findMax && (rates.size() != 1 || replay)) {
      throw new InputException("find-max: '" + rate + "' (expected: one --rate to begin at)");
    }
    if (!(tolerance > 0 && tolerance <= 1)) {
      throw new InputException("tolerance: " + tolerance + " (expected: above 0, at most 1)");
    }
    atLeast("requests", requests, 1);
    atLeast("confirm", confirm, 0);
    atLeast("max-runs", maxRuns, 1);
    atLeast("verify", verify, 0);
    long stepNanos = positive("duration", duration);
    return new LoadRun.Plans(
        shape,
        rates,
        stepNanos,
        Durations.parseNanos("warmup", warmUp),
        requests,
        workload.seed,
        maxLag == null ? Double.NaN : Durations.parseNanos("max-lag", maxLag) / 1e6,
        slo == null ? null : Slo.parse(slo),
        assertion == null ? null : Slo.parse(assertion),
        findMax ? search(rates.get(0), stepNanos) : null,
        options());
  }

  /** A search, none of whose runs has too few requests for a percentile to mean anything. */
  private MaxRateSearch.Options search(double start, long stepNanos) {
    double least = FEWEST_REQUESTS_OF_A_SEARCH_RUN / (stepNanos / 1e9);
    if (start < least || maxRate < start) {
      throw new InputException(
          String.format(
              Locale.ROOT,
              "find-max: begins at %s/s (expected: from %.1f/s, %d requests in %s, to --max-rate %s)",
              start,
              least,
              FEWEST_REQUESTS_OF_A_SEARCH_RUN,
              duration,
              maxRate));
    }
    return new MaxRateSearch.Options(start, least, maxRate, tolerance, confirm, maxRuns);
  }

  private LoadSession.Settings settings(OpenLoop.Options options) {
    if (target == null || model == null) {
      throw new InputException(
          (target == null ? "target" : "model") + ": missing (expected: --target and --model)");
    }
    if (!protocol.equals("ranking") && !protocol.equals("oip")) {
      throw new InputException("protocol: '" + protocol + "' (expected: ranking or oip)");
    }
    if (modelVersion != null && label != null) {
      throw new InputException("model: --model-version and --label (expected: at most one)");
    }
    ModelSpec.Builder name = ModelSpec.newBuilder().setName(model);
    if (modelVersion != null) {
      name.setVersion(modelVersion);
    } else if (label != null) {
      name.setLabel(label);
    }
    WorkloadSpec workloadSpec = workload.spec();
    return new LoadSession.Settings(
        Target.parse(target),
        connection.security(),
        connection.connections,
        connection.threads,
        protocol,
        name.build(),
        workloadSpec,
        modelYaml == null ? TensorRules.none() : TensorRules.read(modelYaml),
        signatureFrom == null ? null : Target.parse(signatureFrom),
        built,
        options);
  }

  private static long positive(String name, String text) {
    long nanos = Durations.parseNanos(name, text);
    if (nanos == 0) {
      throw new InputException(name + ": " + text + " (expected: more than 0)");
    }
    return nanos;
  }

  private static void atLeast(String name, long value, long least) {
    if (value < least) {
      throw new InputException(name + ": " + value + " (expected: at least " + least + ")");
    }
  }
}
