package dev.podium.loadtest.run;

import dev.podium.inference.ModelMetadataResponse;
import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.fault.InputException;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.loadtest.measure.Clock;
import dev.podium.loadtest.measure.OpenLoop;
import dev.podium.loadtest.measure.Recording;
import dev.podium.loadtest.measure.UnaryCalls;
import dev.podium.loadtest.protocol.Connections;
import dev.podium.loadtest.protocol.OipProtocol;
import dev.podium.loadtest.protocol.Protocol;
import dev.podium.loadtest.protocol.RankingProtocol;
import dev.podium.loadtest.protocol.Security;
import dev.podium.loadtest.protocol.SignatureReader;
import dev.podium.loadtest.protocol.Target;
import dev.podium.loadtest.protocol.TensorMapping;
import dev.podium.loadtest.protocol.TensorRules;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Workload;
import dev.podium.loadtest.workload.WorkloadSpec;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelSpec;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One target, one model, one protocol, and the requests built for them: any number of plans can be
 * run, one after the other. Not thread-safe, except {@link #stop}.
 */
public final class LoadSession implements AutoCloseable {
  private static final long POOL_BYTES = 64L << 20;

  private final Settings settings;
  private final Connections connections;
  private final SignatureReader reader;
  private final Model signature;
  private final Workload workload;
  private final Protocol protocol;
  private final RequestPool pool;
  private volatile OpenLoop running;
  private volatile String stopReason;

  /**
   * What a session is asked for.
   *
   * @param protocol {@code ranking} or {@code oip}
   * @param signatureFrom a Podium server that knows the model's signature, null to ask the target
   * @param poolSize number of requests built
   */
  public record Settings(
      Target target,
      Security security,
      int connections,
      int threads,
      String protocol,
      ModelSpec model,
      WorkloadSpec workload,
      TensorRules tensorRules,
      Target signatureFrom,
      int poolSize,
      OpenLoop.Options options) {}

  /**
   * How a plan went.
   *
   * @param partial null, or why it ended before its end
   * @param cpuNanos CPU time that this process took for the measured requests
   */
  record Run(Recording recording, String partial, long cpuNanos) {}

  private LoadSession(
      Settings settings,
      Connections connections,
      SignatureReader reader,
      Model signature,
      Protocol protocol) {
    this.settings = settings;
    this.connections = connections;
    this.reader = reader;
    this.signature = signature;
    this.protocol = protocol;
    this.workload = new Workload(settings.model(), signature, settings.workload());
    this.pool = RequestPool.build(workload, protocol::encode, settings.poolSize(), POOL_BYTES);
  }

  /**
   * Connects, asks for the signature, builds the requests.
   *
   * @throws WorkFailedException if there is no server, or no such model
   * @throws InputException if the settings don't fit the model
   */
  public static LoadSession open(Settings settings) {
    Connections connections =
        Connections.open(
            settings.target(), settings.security(), settings.connections(), settings.threads());
    boolean opened = false;
    try {
      SignatureReader reader = new SignatureReader(settings.target(), connections);
      Model signature;
      Protocol protocol;
      if (settings.protocol().equals("oip")) {
        ModelMetadataResponse metadata =
            reader.metadata(settings.model().getName(), version(settings));
        signature = signatureForOip(settings, reader, metadata);
        protocol = oip(settings, signature, metadata);
      } else {
        signature = fromElsewhere(settings).orElseGet(() -> reader.signature(settings.model()));
        protocol = new RankingProtocol();
      }
      LoadSession session = new LoadSession(settings, connections, reader, signature, protocol);
      opened = true;
      return session;
    } finally {
      if (!opened) {
        connections.close();
      }
    }
  }

  private static String version(Settings settings) {
    return settings.model().hasVersion() ? Long.toString(settings.model().getVersion()) : "";
  }

  private static Protocol oip(Settings settings, Model signature, ModelMetadataResponse metadata) {
    return new OipProtocol(
        TensorMapping.of(signature, metadata, settings.tensorRules()), version(settings));
  }

  private static Model signatureForOip(
      Settings settings, SignatureReader reader, ModelMetadataResponse metadata) {
    return fromElsewhere(settings)
        .or(() -> reader.signatureIfOffered(settings.model()))
        .orElseGet(() -> SignatureReader.signatureOf(metadata));
  }

  private static Optional<Model> fromElsewhere(Settings settings) {
    if (settings.signatureFrom() == null) {
      return Optional.empty();
    }
    try (Connections other = Connections.open(settings.signatureFrom(), Security.NONE, 1, 1)) {
      return Optional.of(
          new SignatureReader(settings.signatureFrom(), other).signature(settings.model()));
    }
  }

  /** The model's signature. */
  Model signature() {
    return signature;
  }

  /** The requests. */
  RequestPool pool() {
    return pool;
  }

  /** The protocol. */
  Protocol protocol() {
    return protocol;
  }

  /** The connections. */
  Connections connections() {
    return connections;
  }

  /**
   * Runs a plan.
   *
   * @param begun given the recording when the clock starts, for a live view
   */
  Run run(ArrivalPlan plan, Consumer<Recording> begun) {
    Recording recording = new Recording(plan);
    OpenLoop loop =
        new OpenLoop(
            plan,
            pool,
            new UnaryCalls(connections, protocol.method()),
            Clock.SYSTEM,
            recording,
            settings.options(),
            ProcessCpuTime::nanos);
    running = loop;
    if (stopReason != null) {
      loop.stop(stopReason);
    }
    begun.accept(recording);
    String partial = loop.run();
    return new Run(recording, partial, loop.measuredCpuNanos());
  }

  /** Ends the run under way, and any later one, before its plan does; from any thread. */
  public void stop(String reason) {
    stopReason = reason;
    OpenLoop loop = running;
    if (loop != null) {
      loop.stop(reason);
    }
  }

  /**
   * Sends some requests both ways and compares the scores.
   *
   * @throws WorkFailedException if either way fails, or the answers have different outputs or sizes
   */
  public ScoreCheck.Result verify(int requests) {
    ModelMetadataResponse metadata = reader.metadata(settings.model().getName(), version(settings));
    return ScoreCheck.run(
        connections,
        workload,
        requests,
        new RankingProtocol(),
        oip(settings, signature, metadata),
        settings.options().deadlineNanos());
  }

  @Override
  public void close() {
    connections.close();
  }
}
