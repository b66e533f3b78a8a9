package dev.podium.server.engine.ort;

import dev.podium.graph.CompilerOptions;
import dev.podium.graph.RankingCompiler;
import dev.podium.graph.Trace;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.device.Device;
import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.Signature;
import java.io.IOException;
import java.nio.file.Path;

/** What the compiler makes of a model's graph, step by step, for people who look for a fault. */
public final class PassTrace {
  private PassTrace() {}

  /**
   * Compiles a graph for a CPU with all passes, those too that a trial at load drops. Nothing is
   * loaded or timed.
   *
   * @param file the exported graph
   * @param signature says what is context, and the shapes of inputs
   * @param trace is told the function of one row as it was imported, and after each pass that
   *     changed it
   * @throws ModelException if the file can't be read, or the compiler fails
   */
  public static void run(Path file, Signature signature, TuningOptions options, Trace trace)
      throws ModelException {
    CompilerOptions compiler =
        GraphSplitter.shapes(signature.inputs())
            .withMaxTableBytes(options.maxTableBytes())
            .on(Device.CPU.traits());
    try {
      new RankingCompiler()
          .compile(OnnxGraph.read(file), GraphSplitter.contextInputs(signature), compiler, trace);
    } catch (IOException e) {
      throw new ModelException(file + ": can't be read: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      throw new ModelException(file + ": the compiler failed: " + e.getMessage(), e);
    }
  }
}
