package dev.podium.loadtest;

import dev.podium.loadtest.arrivals.Durations;
import dev.podium.loadtest.bench.Bench;
import dev.podium.loadtest.bench.BenchReport;
import dev.podium.loadtest.bench.Peer;
import dev.podium.loadtest.bench.Size;
import dev.podium.loadtest.bench.WholeRequests;
import dev.podium.loadtest.fault.CommandErrors;
import dev.podium.loadtest.fault.InputException;
import dev.podium.loadtest.report.JsonReport;
import dev.podium.loadtest.report.ReportFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code podium bench}. Exit status: 0 done, 1 a system failed, 2 the command line or a file is
 * wrong.
 */
@Command(
    name = "bench",
    sortOptions = false,
    description = {
      "Compares the Podium server with a bare ONNX Runtime session, and with any peers, in one run.",
      "The headline is the ratio of CPU times a request, bare ÷ server: above 1 the server with everything around it"
          + " costs less than the exported graph alone."
    })
public final class BenchCommand implements Callable<Integer> {
  private final List<String> serveCommand;
  private final Path benchModels;

  @Option(
      names = "--models",
      paramLabel = "DIR",
      description = "Model repository. Default: the bench models.")
  Path models;

  @Option(
      names = "--model",
      paramLabel = "M",
      description = "A model of the repository. May be repeated. Default: all.")
  List<String> names = new ArrayList<>();

  @Option(
      names = "--sizes",
      paramLabel = "S",
      defaultValue = "10x1,10x8,500x4,1000x2",
      description = "Candidates x callers. Default: ${DEFAULT-VALUE}.")
  String sizes;

  @Option(
      names = "--peer",
      paramLabel = "NAME=HOST:PORT[,PID]",
      description =
          "Another server, by the Open Inference Protocol; a process id lets its CPU time be read. May be repeated.")
  List<String> peers = new ArrayList<>();

  @Option(
      names = "--variant",
      paramLabel = "NAME=OPTIONS",
      description =
          "One more Podium server, started with these options of serve added, such as a switch turned off. May be"
              + " repeated.")
  Map<String, String> variants = new LinkedHashMap<>();

  @Option(
      names = "--off",
      description =
          "Two more servers: podium:no-compiler, and podium:no-tiles, which neither cuts requests nor lets them share"
              + " a tile. Turns are shorter then.")
  boolean off;

  @Option(
      names = "--server",
      paramLabel = "COMMAND",
      description = "What starts the server, up to its options. Default: this program's own serve.")
  String server;

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "1",
      description = "Connections to each server. Default: ${DEFAULT-VALUE}.")
  int connections;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Turns of each system at each size. Default: 4, with --off 3.")
  Integer rounds;

  @Option(
      names = "--turn",
      paramLabel = "D",
      description =
          "Length of a server's turn; the bare session has half. Default: 3s, with --off 1s.")
  String turn;

  @Option(
      names = "--warmup",
      paramLabel = "D",
      description =
          "Each server's time with each size before a model's first turn, up to three times that until it has answered"
              + " 20,000 requests. Default: 3s, with --off 1500ms.")
  String warmUp;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description = "Seed of the requests.")
  long seed;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the table as JSON.")
  Path json;

  @Spec CommandSpec spec;

  /**
   * The command.
   *
   * @param serveCommand what starts a server, up to its options, such as {@code podium serve}
   * @param benchModels the repository that is used unless another is named
   */
  public BenchCommand(List<String> serveCommand, Path benchModels) {
    this.serveCommand = List.copyOf(serveCommand);
    this.benchModels = benchModels;
  }

  @Override
  public Integer call() {
    return CommandErrors.guard(spec, this::run);
  }

  private int run() {
    Bench.Options options = options();
    ReportFile.checkWritable(json);
    BenchReport report;
    try (WholeRequests whole =
            off ? WholeRequests.copy(options.models(), options.modelNames()) : null;
        Bench bench =
            new Bench(
                whole == null ? options : options.withServers(switchedOff(whole)),
                spec.commandLine().getErr())) {
      report = bench.run();
    }
    ReportFile.write(json, () -> JsonReport.toPrettyJson(report));
    spec.commandLine().getOut().print(report.table());
    spec.commandLine().getOut().flush();
    return report.rows().stream().anyMatch(row -> row.failed() > 0) ? 1 : 0;
  }

  private Bench.Options options() {
    if (models == null) {
      models = benchModels;
    }
    int times = rounds != null ? rounds : off ? 3 : 4;
    if (times < 1 || connections < 1) {
      throw new InputException(
          "rounds: " + times + ", connections: " + connections + " (expected: at least 1)");
    }
    long turnNanos = Durations.parseNanos("turn", turn != null ? turn : off ? "1s" : "3s");
    if (turnNanos == 0) {
      throw new InputException("turn: " + turn + " (expected: more than 0)");
    }
    if (command().isEmpty()) {
      throw new InputException("server: none (expected: a command that starts it)");
    }
    Map<String, List<String>> servers = new LinkedHashMap<>();
    servers.put("podium", serve(models, List.of()));
    variants.forEach(
        (name, more) ->
            servers.put(
                "podium:" + name, serve(models, Arrays.asList(more.strip().split("\\s+")))));
    return new Bench.Options(
        models,
        names.isEmpty() ? folders() : names,
        Size.parse(sizes),
        servers,
        peers.stream().map(Peer::parse).toList(),
        connections,
        times,
        turnNanos,
        Durations.parseNanos("warmup", warmUp != null ? warmUp : off ? "1500ms" : "3s"),
        seed);
  }

  private Map<String, List<String>> switchedOff(WholeRequests whole) {
    Map<String, List<String>> servers = new LinkedHashMap<>();
    servers.put("podium:no-compiler", serve(models, List.of("--set", "compiler.enabled=false")));
    servers.put(
        "podium:no-tiles", serve(whole.folder(), List.of("--set", "scheduler.share_tiles=false")));
    return servers;
  }

  private List<String> command() {
    return server == null ? serveCommand : Arrays.asList(server.strip().split("\\s+"));
  }

  private List<String> serve(Path repository, List<String> more) {
    List<String> words = new ArrayList<>(command());
    words.addAll(List.of("--models", repository.toString(), "--port", "0", "--admin-port", "0"));
    words.addAll(more);
    return words;
  }

  private List<String> folders() {
    try (Stream<Path> folders = Files.list(models)) {
      List<String> found =
          folders
              .filter(Files::isDirectory)
              .map(folder -> folder.getFileName().toString())
              .sorted()
              .toList();
      if (!found.isEmpty()) {
        return found;
      }
    } catch (IOException e) {
      throw new InputException(
          "models: " + models + " can't be read (expected: a model repository)", e);
    }
    throw new InputException("models: " + models + " is empty (expected: a model repository)");
  }
}
