package dev.podium.loadtest.bench;

import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.loadtest.measure.UnaryCalls;
import dev.podium.loadtest.protocol.Connections;
import dev.podium.loadtest.protocol.OipProtocol;
import dev.podium.loadtest.protocol.RankingProtocol;
import dev.podium.loadtest.protocol.Security;
import dev.podium.loadtest.protocol.SignatureReader;
import dev.podium.loadtest.protocol.Target;
import dev.podium.loadtest.protocol.TensorMapping;
import dev.podium.loadtest.protocol.TensorRules;
import dev.podium.loadtest.report.Reports;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Sizes;
import dev.podium.loadtest.workload.Workload;
import dev.podium.loadtest.workload.WorkloadSpec;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelSpec;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * The bench: for each model and size, the bare session and every server take turns for some rounds.
 * Use once, on one thread; {@link #close} ends the servers that it started.
 */
public final class Bench implements AutoCloseable {
  private static final int REQUESTS = 64;

  /** Requests after which a JVM has compiled what serves them. */
  private static final int WARM_REQUESTS = 20_000;

  /** A warm-up may take this many times its length to get there. */
  private static final int WARM_PATIENCE = 3;

  private static final long POOL_BYTES = 64L << 20;
  private static final long START_SECONDS = 120;

  private final Options options;
  private final PrintWriter progress;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final List<Contender> contenders = new ArrayList<>();
  private final Map<String, Model> signatures = new HashMap<>();
  private SignatureReader signatureReader;

  /**
   * What a bench is asked for.
   *
   * @param models a repository, as the servers are started with
   * @param modelNames folders in it
   * @param servers commands that start Podium, by name; the first one is asked for the signatures
   * @param rounds how often each system has its turn
   * @param turnNanos length of a turn
   * @param warmUpNanos each server's time with each size before its first turn
   */
  public record Options(
      Path models,
      List<String> modelNames,
      List<Size> sizes,
      Map<String, List<String>> servers,
      List<Peer> peers,
      int connections,
      int rounds,
      long turnNanos,
      long warmUpNanos,
      long seed) {

    /** The same options with further servers. */
    public Options withServers(Map<String, List<String>> more) {
      Map<String, List<String>> all = new LinkedHashMap<>(servers);
      all.putAll(more);
      return new Options(
          models, modelNames, sizes, all, peers, connections, rounds, turnNanos, warmUpNanos, seed);
    }
  }

  /** A bench, not yet begun. */
  public Bench(Options options, PrintWriter progress) {
    this.options = options;
    this.progress = progress;
  }

  /** Runs it all. */
  public BenchReport run() {
    open();
    List<BenchReport.Row> rows = new ArrayList<>();
    for (String model : options.modelNames()) {
      try (BareSession bare = new BareSession(modelFile(model))) {
        // All sizes first: what a JVM compiles during one would else be counted with another.
        for (Size size : options.sizes()) {
          say("%s, warming up: %dx%d%n", model, size.candidates(), size.callers());
          warmUp(model, size);
        }
        for (Size size : options.sizes()) {
          say("%s, %d candidates, %d callers%n", model, size.candidates(), size.callers());
          rows.addAll(rows(model, size, bare));
        }
      }
    }
    return new BenchReport(rows, Reports.machine(), versions());
  }

  private void open() {
    options
        .servers()
        .forEach(
            (name, command) -> {
              say("starting %s: %s%n", name, String.join(" ", command));
              ServerProcess server = own(ServerProcess.start(command, START_SECONDS));
              Connections connections = connect(server.target());
              if (signatureReader == null) {
                signatureReader = new SignatureReader(server.target(), connections);
              }
              HeapMeter heap = HeapMeter.attach(server.javaPid());
              if (heap != null) {
                own(heap);
              }
              contenders.add(
                  new Contender(
                      name, connections, model -> new RankingProtocol(), server.pid(), heap));
            });
    for (Peer peer : options.peers()) {
      Connections connections = connect(peer.target());
      SignatureReader reader = new SignatureReader(peer.target(), connections);
      contenders.add(
          new Contender(
              peer.name(),
              connections,
              model ->
                  new OipProtocol(
                      TensorMapping.of(signature(model), reader.metadata(model, ""), rules(model)),
                      ""),
              peer.pid(),
              null));
    }
  }

  private Connections connect(Target target) {
    return own(Connections.open(target, Security.NONE, options.connections(), 1));
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  /** What one system's turns add up to. */
  private static final class Total {
    long requests;
    long failed;
    long wallNanos;
    long cpuNanos;
    long heapBytes;
    String firstFailure;
    final Histogram latency = new Histogram(600_000_000L, 3);
    final List<Double> cpuRounds = new ArrayList<>();

    long answered() {
      return requests - failed;
    }

    /** For each answer, because refusals cost little and would improve the figure. */
    double cpuMillis() {
      return cpuNanos / 1e6 / answered();
    }
  }

  private Workload workload(String model, Size size) {
    return new Workload(
        ModelSpec.newBuilder().setName(model).build(),
        signature(model),
        new WorkloadSpec(
            options.seed(),
            1,
            0,
            0,
            new Sizes.Fixed(size.candidates()),
            fullHistory(signature(model)),
            Map.of()));
  }

  private RequestPool pool(Contender contender, String model, Workload workload) {
    return RequestPool.build(
        workload, contender.protocols().of(model)::encode, REQUESTS, POOL_BYTES);
  }

  private void warmUp(String model, Size size) {
    Workload workload = workload(model, size);
    for (Contender contender : contenders) {
      RequestPool pool = pool(contender, model, workload);
      Total total = new Total();
      for (int i = 0; i == 0 || (i < WARM_PATIENCE && total.requests < WARM_REQUESTS); i++) {
        turn(contender, model, pool, size, options.warmUpNanos(), total);
      }
    }
  }

  private List<BenchReport.Row> rows(String model, Size size, BareSession bare) {
    Workload workload = workload(model, size);
    List<RequestPool> pools =
        contenders.stream().map(contender -> pool(contender, model, workload)).toList();
    Total bareTotal = new Total();
    List<Total> totals = new ArrayList<>();
    contenders.forEach(contender -> totals.add(new Total()));
    // Fewer than the servers get: their tensors take memory, and one request's rows cost as much as
    // another's.
    try (BareSession.Inputs inputs =
        bare.inputs(model, signature(model), rules(model), workload, 8)) {
      inputs.run(options.warmUpNanos() / 4);
      for (int round = 0; round < options.rounds(); round++) {
        bareTurn(inputs, bareTotal);
        for (int i = 0; i < contenders.size(); i++) {
          turn(contenders.get(i), model, pools.get(i), size, options.turnNanos(), totals.get(i));
        }
      }
    }
    List<BenchReport.Row> rows = new ArrayList<>();
    for (int i = 0; i < contenders.size(); i++) {
      Total total = totals.get(i);
      if (total.firstFailure != null) {
        say("%s failed: %s%n", contenders.get(i).name(), total.firstFailure);
      }
      rows.add(row(contenders.get(i), model, size, total, bareTotal));
    }
    rows.add(bareRow(model, size, bareTotal));
    return rows;
  }

  private void bareTurn(BareSession.Inputs inputs, Total total) {
    BareSession.Stretch stretch = inputs.run(options.turnNanos() / 2);
    total.requests += stretch.runs();
    total.wallNanos += stretch.wallNanos();
    total.cpuNanos += stretch.cpuNanos();
    total.latency.add(stretch.latency());
    total.cpuRounds.add(stretch.cpuNanos() / 1e6 / stretch.runs());
  }

  private static void turn(
      Contender contender, String model, RequestPool pool, Size size, long nanos, Total total) {
    UnaryCalls transport =
        new UnaryCalls(contender.connections(), contender.protocols().of(model).method());
    long heap = contender.heap() == null ? 0 : contender.heap().bytes();
    long cpu = contender.pid() < 0 ? 0 : ProcessCpu.nanos(contender.pid());
    ClosedLoop.Stretch stretch = ClosedLoop.run(transport, pool, size.callers(), nanos);
    long cpuTaken = contender.pid() < 0 ? 0 : ProcessCpu.nanos(contender.pid()) - cpu;
    total.heapBytes += contender.heap() == null ? 0 : contender.heap().bytes() - heap;
    long requests = stretch.answered() + stretch.failed();
    total.requests += requests;
    total.failed += stretch.failed();
    total.wallNanos += stretch.wallNanos();
    total.cpuNanos += cpuTaken;
    total.latency.add(stretch.latency());
    total.cpuRounds.add(cpuTaken / 1e6 / stretch.answered());
    if (total.firstFailure == null) {
      total.firstFailure = stretch.firstFailure();
    }
  }

  private static BenchReport.Row row(
      Contender contender, String model, Size size, Total total, Total bare) {
    boolean known = contender.pid() >= 0 && total.answered() > 0;
    List<Double> rounds = new ArrayList<>();
    for (int i = 0; known && i < total.cpuRounds.size(); i++) {
      // 0 where nothing was answered in a round.
      rounds.add(bare.cpuRounds.get(i) / total.cpuRounds.get(i));
    }
    return new BenchReport.Row(
        contender.name(),
        model,
        size.candidates(),
        size.callers(),
        candidatesPerSecond(size, total),
        millis(total, 50),
        millis(total, 99),
        known ? total.cpuMillis() : null,
        bare.cpuMillis(),
        known ? bare.cpuMillis() / total.cpuMillis() : null,
        rounds,
        contender.heap() == null ? null : (double) total.heapBytes / total.requests,
        total.failed);
  }

  private static BenchReport.Row bareRow(String model, Size size, Total bare) {
    return new BenchReport.Row(
        "bare",
        model,
        size.candidates(),
        size.callers(),
        candidatesPerSecond(size, bare),
        millis(bare, 50),
        millis(bare, 99),
        bare.cpuMillis(),
        bare.cpuMillis(),
        1.0,
        List.of(),
        null,
        0);
  }

  private static double candidatesPerSecond(Size size, Total total) {
    return total.answered() * (double) size.candidates() / (total.wallNanos / 1e9);
  }

  private static double millis(Total total, double percentile) {
    return total.latency.getValueAtPercentile(percentile) / 1000.0;
  }

  private Model signature(String model) {
    return signatures.computeIfAbsent(
        model, name -> signatureReader.signature(ModelSpec.newBuilder().setName(name).build()));
  }

  /** Full histories: the bare session computes every position whether it is filled or not. */
  private static Sizes fullHistory(Model signature) {
    int longest = 0;
    for (var feature : signature.getFeaturesList()) {
      longest = Math.max(longest, feature.getLength());
    }
    return new Sizes.Fixed(longest);
  }

  private TensorRules rules(String model) {
    Path file = options.models().resolve(model).resolve("model.yaml");
    return Files.exists(file) ? TensorRules.read(file) : TensorRules.none();
  }

  /** The exported graph of the version that the first server answers with. */
  private Path modelFile(String model) {
    long version = signature(model).getModel().getVersion();
    Path file =
        options.models().resolve(model).resolve(Long.toString(version)).resolve("model.onnx");
    if (!Files.isReadable(file)) {
      throw new WorkFailedException(file + ": can't be read (expected: the exported graph)");
    }
    return file;
  }

  private static Map<String, String> versions() {
    Map<String, String> versions = new LinkedHashMap<>();
    String podium = Bench.class.getPackage().getImplementationVersion();
    versions.put("podium", podium == null ? "development" : podium);
    versions.put("onnxruntime", BareSession.version());
    versions.put("java", Runtime.version().toString());
    return versions;
  }

  private void say(String format, Object... arguments) {
    progress.printf(Locale.ROOT, format, arguments);
    progress.flush();
  }

  @Override
  public void close() {
    // Connections before the servers behind them.
    for (int i = owned.size() - 1; i >= 0; i--) {
      try {
        owned.get(i).close();
      } catch (Exception e) {
        say("%s: %s%n", owned.get(i).getClass().getSimpleName(), e.getMessage());
      }
    }
    owned.clear();
  }
}
