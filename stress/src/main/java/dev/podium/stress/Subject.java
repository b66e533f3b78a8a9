package dev.podium.stress;

import dev.podium.loadtest.bench.ClosedLoop;
import dev.podium.loadtest.bench.HeapMeter;
import dev.podium.loadtest.bench.ProcessCpu;
import dev.podium.loadtest.bench.ServerProcess;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.loadtest.measure.UnaryCalls;
import dev.podium.loadtest.protocol.Connections;
import dev.podium.loadtest.protocol.RankingProtocol;
import dev.podium.loadtest.protocol.Security;
import dev.podium.loadtest.protocol.SignatureReader;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Sizes;
import dev.podium.loadtest.workload.Workload;
import dev.podium.loadtest.workload.WorkloadSpec;
import dev.podium.ranking.v1.ModelSpec;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** A server under stress, in a process of its own, with connections to it. */
final class Subject implements AutoCloseable {
  private static final long START_SECONDS = 180;
  private static final int CONNECTIONS = 4;

  /** So many that callers who give up don't reach a server's bound on resets a connection. */
  private static final int WIRE_CONNECTIONS = 8;

  private static final int WARM_REQUESTS = 5_000;
  private static final int WARM_PATIENCE = 3;
  private static final long POOL_BYTES = 64L << 20;

  private final ServerProcess process;
  private final Connections connections;
  private final HttpClient http = HttpClient.newHttpClient();
  private final RankingProtocol protocol = new RankingProtocol();
  private final AtomicLong nextConnection = new AtomicLong();
  private HeapMeter heap;

  private Subject(ServerProcess process) {
    this.process = process;
    this.connections = connect(CONNECTIONS);
  }

  /**
   * Starts one.
   *
   * @throws WorkFailedException if it does not get ready
   */
  static Subject start(List<String> command) {
    return new Subject(ServerProcess.start(command, START_SECONDS));
  }

  /** More connections to it, owned by the caller; they connect at their first call. */
  Connections connect(int count) {
    return Connections.open(process.target(), Security.NONE, count, 1);
  }

  ServerProcess process() {
    return process;
  }

  MethodDescriptor<byte[], byte[]> method() {
    return protocol.method();
  }

  /** Calls over its connections in turn. */
  Calls calls() {
    return new Calls(() -> connections.channel(nextConnection.getAndIncrement()), method());
  }

  /** Requests for a model, with histories as long as the graph sees. */
  RequestPool pool(String model, Sizes candidates, int count, long seed) {
    ModelSpec spec = ModelSpec.newBuilder().setName(model).build();
    var signature = new SignatureReader(process.target(), connections).signature(spec);
    int longest = signature.getFeaturesList().stream().mapToInt(f -> f.getLength()).max().orElse(0);
    Workload workload =
        new Workload(
            spec,
            signature,
            new WorkloadSpec(
                seed, 1, 0, 0, candidates, new Sizes.Fixed(longest), java.util.Map.of()));
    return RequestPool.build(workload, protocol::encode, count, POOL_BYTES);
  }

  /** Callers that always have a request in flight, for a time. */
  ClosedLoop.Stretch saturate(RequestPool pool, int callers, long nanos) {
    return ClosedLoop.run(new UnaryCalls(connections, method()), pool, callers, nanos);
  }

  /**
   * As {@link #saturate}, until a JVM has compiled what serves such requests: up to three times as
   * long, unless it has answered enough before.
   */
  void warmUp(RequestPool pool, int callers, long nanos) {
    long answered = 0;
    for (int i = 0; i < WARM_PATIENCE && answered < WARM_REQUESTS; i++) {
      answered += saturate(pool, callers, nanos).answered();
    }
  }

  /** Calls over connections of their own, for load that shares cores with the server. */
  WireCalls wire() {
    return WireCalls.connect(
        process.target(), "/" + method().getFullMethodName(), WIRE_CONNECTIONS, System::nanoTime);
  }

  /** CPU time of its process so far. */
  ProcessCpu.Times cpu() {
    return ProcessCpu.times(process.pid());
  }

  /** As {@link #cpu}, in sum. */
  long cpuNanos() {
    return ProcessCpu.nanos(process.pid());
  }

  /** Its metrics. */
  Metrics metrics() {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + process.admin() + "/metrics"))
            .timeout(Duration.ofSeconds(10))
            .build();
    try {
      return Metrics.parse(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
    } catch (IOException e) {
      throw new WorkFailedException(process.admin() + "/metrics: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WorkFailedException("interrupted", e);
    }
  }

  /** Its heap and direct memory; null where they can't be read. */
  HeapMeter heap() {
    if (heap == null) {
      heap = HeapMeter.attach(process.javaPid());
    }
    return heap;
  }

  @Override
  public void close() {
    if (heap != null) {
      heap.close();
    }
    connections.close();
    process.close();
  }
}
