package dev.podium.stress;

import dev.podium.loadtest.arrivals.Durations;
import dev.podium.loadtest.fault.CommandErrors;
import dev.podium.loadtest.fault.InputException;
import dev.podium.loadtest.report.JsonReport;
import dev.podium.loadtest.report.ReportFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code podium stress}: a command for each promise under load. Exit status: 0 it ran, whether the
 * targets were met or not; 1 it failed, or with {@code --assert} a target was missed; 2 the command
 * line or a file is wrong.
 */
@Command(
    name = "stress",
    sortOptions = false,
    synopsisSubcommandLabel = "PROGRAM",
    description =
        "Puts a server of its own under load, and prints the figures beside their targets.")
public final class StressCommand implements Runnable {
  private static final String TURN = "Length of a turn. Default: 4s, with --quick 500ms.";
  private static final String ROUNDS = "Turns of each server. Default: ${DEFAULT-VALUE}.";

  private final List<String> serveCommand;
  private final Path benchModels;

  @Spec CommandSpec spec;

  /** Options of every program. */
  static final class Common {
    @Option(
        names = "--models",
        paramLabel = "DIR",
        description = "Model repository that has deepfm and din. Default: the bench models.")
    Path models;

    @Option(
        names = "--server",
        paramLabel = "COMMAND",
        description = "What starts the server, up to its options. Default: this program's serve.")
    String server;

    @Option(
        names = "--quick",
        description = "Show in seconds that the program runs. The figures mean nothing.")
    boolean quick;

    @Option(names = "--assert", description = "Exit with 1 if a target is missed.")
    boolean assertTargets;

    @Option(
        names = "--seed",
        paramLabel = "N",
        defaultValue = "42",
        description = "Seed of the requests.")
    long seed;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the figures as JSON.")
    Path json;
  }

  /**
   * The command.
   *
   * @param serveCommand what starts a server, up to its options, such as {@code podium serve}
   * @param benchModels the repository that is used unless another is named
   */
  public StressCommand(List<String> serveCommand, Path benchModels) {
    this.serveCommand = List.copyOf(serveCommand);
    this.benchModels = benchModels;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no program");
  }

  @Command(
      name = "overload",
      sortOptions = false,
      description = "0.5 to 10 times the capacity with 50 ms deadlines, and the second after it.")
  int overload(
      @Mixin Common common,
      @Option(
              names = "--step",
              paramLabel = "D",
              description = "Length of each step. Default: 6s, with --quick 1s.")
          String step) {
    return run(common, rig -> Overload.run(rig, nanos("step", step, common.quick ? "1s" : "6s")));
  }

  @Command(
      name = "fairness",
      sortOptions = false,
      description = "Small requests beside large ones, in tiles and whole.")
  int fairness(
      @Mixin Common common,
      @Option(
              names = "--turn",
              paramLabel = "D",
              description = "Length of a turn. Default: 10s, with --quick 1s.")
          String turn,
      @Option(names = "--rounds", paramLabel = "N", defaultValue = "3", description = ROUNDS)
          int rounds) {
    return run(
        common,
        rig ->
            Fairness.run(
                rig,
                nanos("turn", turn, common.quick ? "1s" : "10s"),
                within("rounds", rounds, 100)));
  }

  @Command(
      name = "parallelism",
      sortOptions = false,
      description = "One large request at a time, with one worker and with two.")
  int parallelism(
      @Mixin Common common,
      @Option(names = "--turn", paramLabel = "D", description = TURN) String turn,
      @Option(names = "--rounds", paramLabel = "N", defaultValue = "4", description = ROUNDS)
          int rounds) {
    return run(
        common,
        rig ->
            Duel.parallelism(
                rig,
                nanos("turn", turn, common.quick ? "500ms" : "4s"),
                within("rounds", rounds, 100)));
  }

  @Command(
      name = "small",
      sortOptions = false,
      description = "Small requests at saturation, in shared tiles and each in its own.")
  int small(
      @Mixin Common common,
      @Option(names = "--turn", paramLabel = "D", description = TURN) String turn,
      @Option(names = "--rounds", paramLabel = "N", defaultValue = "4", description = ROUNDS)
          int rounds,
      @Option(
              names = "--callers",
              paramLabel = "N",
              defaultValue = "64",
              description = "Requests in flight. Default: ${DEFAULT-VALUE}.")
          int callers) {
    return run(
        common,
        rig ->
            Duel.small(
                rig,
                nanos("turn", turn, common.quick ? "500ms" : "4s"),
                within("rounds", rounds, 100),
                within("callers", callers, 10_000)));
  }

  @Command(
      name = "expiry",
      sortOptions = false,
      description = "Callers who give up, and how many rows run for them afterwards.")
  int expiry(
      @Mixin Common common,
      @Option(
              names = "--requests",
              paramLabel = "N",
              description = "Callers who give up. Default: 10000, with --quick 300.")
          Integer requests) {
    int wanted = requests != null ? requests : common.quick ? 300 : 10_000;
    return run(common, rig -> Expiry.run(rig, within("requests", wanted, 1_000_000)));
  }

  @Command(
      name = "soak",
      sortOptions = false,
      description = "A long run at 80 % of capacity, and the server's memory.")
  int soak(
      @Mixin Common common,
      @Option(
              names = "--duration",
              paramLabel = "D",
              description = "Length of the run. Default: 10m, with --quick 5s.")
          String duration) {
    return run(
        common, rig -> Soak.run(rig, nanos("duration", duration, common.quick ? "5s" : "10m")));
  }

  @Command(
      name = "kill",
      sortOptions = false,
      description = "SIGTERM under load, and how many requests are lost or fail.")
  int kill(
      @Mixin Common common,
      @Option(
              names = "--times",
              paramLabel = "N",
              description = "Stops of a server. Default: 20, with --quick 2.")
          Integer times) {
    int wanted = times != null ? times : common.quick ? 2 : 20;
    return run(common, rig -> Kill.run(rig, within("times", wanted, 1_000)));
  }

  private static int within(String name, int value, int most) {
    if (value < 1 || value > most) {
      throw new InputException(name + ": " + value + " (expected: 1 to " + most + ")");
    }
    return value;
  }

  private static long nanos(String name, String text, String byDefault) {
    long nanos = Durations.parseNanos(name, text == null ? byDefault : text);
    if (nanos < 100_000_000L || nanos > 3_600_000_000_000L) {
      throw new InputException(name + ": " + text + " (expected: 100ms to 1h)");
    }
    return nanos;
  }

  private int run(Common common, Function<Rig, StressReport> program) {
    CommandSpec own = spec.commandLine().getParseResult().subcommand().commandSpec();
    return CommandErrors.guard(
        own,
        () -> {
          ReportFile.checkWritable(common.json);
          List<String> serve =
              common.server == null
                  ? serveCommand
                  : Arrays.asList(common.server.strip().split("\\s+"));
          Path models = common.models == null ? benchModels : common.models;
          StressReport report;
          try (Rig rig =
              new Rig(
                  new Rig.Options(models, serve, common.quick, common.seed),
                  own.commandLine().getErr())) {
            report = program.apply(rig);
          }
          ReportFile.write(common.json, () -> JsonReport.toPrettyJson(report.toJson()));
          own.commandLine().getOut().print(report.text());
          own.commandLine().getOut().flush();
          return common.assertTargets && !report.passed() ? 1 : 0;
        });
  }
}
