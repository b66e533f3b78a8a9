package dev.podium.loadtest.bench;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.podium.inference.ModelMetadataResponse.TensorMetadata;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.loadtest.protocol.FullTensors;
import dev.podium.loadtest.protocol.TensorMapping;
import dev.podium.loadtest.protocol.TensorRules;
import dev.podium.loadtest.workload.Workload;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.RankRequest;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * The exported graph in ONNX Runtime on one thread, with nothing around it: the cost of the
 * arithmetic alone. Its inputs are in direct buffers before a run. For one thread.
 */
public final class BareSession implements AutoCloseable {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  /**
   * What a stretch of runs took.
   *
   * @param cpuNanos of this thread, which does all the work
   * @param latency in microseconds
   */
  public record Stretch(long runs, long wallNanos, long cpuNanos, Histogram latency) {}

  /**
   * A session.
   *
   * @throws WorkFailedException if the model can't be loaded
   */
  public BareSession(Path model) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      // As the server sets it: row counts vary, so a plan of memory for one of them does not fit
      // the next.
      options.setMemoryPatternOptimization(false);
      this.session = environment.createSession(model.toString(), options);
    } catch (OrtException e) {
      throw new WorkFailedException(model + ": can't be loaded: " + e.getMessage(), e);
    }
  }

  /** ONNX Runtime's version. */
  public static String version() {
    return OrtEnvironment.getEnvironment().getVersion();
  }

  /** Inputs ready to be run; owned by the caller. */
  public final class Inputs implements AutoCloseable {
    private final List<Map<String, OnnxTensor>> requests = new ArrayList<>();

    private Inputs() {}

    /** Runs them in turn for a time, and at least once. */
    public Stretch run(long nanos) {
      Histogram latency = new Histogram(600_000_000L, 3);
      long begin = System.nanoTime();
      long cpu = THREADS.getCurrentThreadCpuTime();
      long runs = 0;
      long now = begin;
      do {
        long from = now;
        try (OrtSession.Result result = session.run(requests.get((int) (runs % requests.size())))) {
          now = System.nanoTime();
          latency.recordValue((now - from) / 1000);
          runs += result.size() > 0 ? 1 : 0;
        } catch (OrtException e) {
          throw new WorkFailedException("bare session: " + e.getMessage(), e);
        }
      } while (now - begin < nanos);
      return new Stretch(runs, now - begin, THREADS.getCurrentThreadCpuTime() - cpu, latency);
    }

    @Override
    public void close() {
      requests.forEach(request -> request.values().forEach(OnnxTensor::close));
    }
  }

  /**
   * The first requests of a workload as this graph's inputs.
   *
   * @throws dev.podium.loadtest.fault.InputException if the features don't fit the graph
   */
  public Inputs inputs(
      String name, Model signature, TensorRules rules, Workload workload, int requests) {
    try {
      TensorMapping mapping = TensorMapping.of(name, signature, metadata(), rules);
      Inputs inputs = new Inputs();
      for (int i = 0; i < requests; i++) {
        RankRequest request = workload.request(i);
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, ByteBuffer> entry :
            FullTensors.expand(mapping, request).entrySet()) {
          tensors.put(
              entry.getKey(),
              tensor(entry.getKey(), entry.getValue(), request.getCandidates().getCount()));
        }
        inputs.requests.add(tensors);
      }
      return inputs;
    } catch (OrtException e) {
      throw new WorkFailedException("bare session: " + e.getMessage(), e);
    }
  }

  private OnnxTensor tensor(String input, ByteBuffer bytes, int rows) throws OrtException {
    TensorInfo info = (TensorInfo) session.getInputInfo().get(input).getInfo();
    if (info.type == OnnxJavaType.STRING) {
      throw new WorkFailedException(
          "bare session: input '" + input + "' takes text (expected: numbers)");
    }
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.remaining()).order(ByteOrder.nativeOrder());
    direct.put(bytes.duplicate()).flip();
    int columns = Math.max(1, bytes.remaining() / Math.max(1, rows * info.type.size));
    long[] shape = info.getShape().length == 1 ? new long[] {rows} : new long[] {rows, columns};
    return OnnxTensor.createTensor(environment, direct, shape, info.type);
  }

  private List<TensorMetadata> metadata() throws OrtException {
    List<TensorMetadata> inputs = new ArrayList<>();
    for (NodeInfo node : session.getInputInfo().values()) {
      TensorInfo info = (TensorInfo) node.getInfo();
      TensorMetadata.Builder tensor =
          TensorMetadata.newBuilder().setName(node.getName()).setDatatype(datatype(info.type));
      for (long dimension : info.getShape()) {
        tensor.addShape(dimension);
      }
      inputs.add(tensor.build());
    }
    return inputs;
  }

  private static String datatype(OnnxJavaType type) {
    return switch (type) {
      case FLOAT -> "FP32";
      case DOUBLE -> "FP64";
      case STRING -> "BYTES";
      default -> type.name();
    };
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new WorkFailedException("bare session: " + e.getMessage(), e);
    }
  }
}
