package dev.podium.server.engine.ort;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.podium.server.engine.Engine;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.ExecutionProvider;
import dev.podium.server.engine.Graph;
import dev.podium.server.engine.device.Device;
import dev.podium.server.engine.tune.CostMeter;
import dev.podium.server.engine.tune.SessionCopies;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.WrongFileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Loads graphs into ONNX Runtime, all in its one process-wide environment. Thread-safe. */
public final class OnnxEngine implements Engine {
  private final OrtEnvironment environment = environment();
  private final CostMeter.Maker meters;

  /** The engine as it serves. */
  public OnnxEngine() {
    this(CostMeter::ofThisMachine);
  }

  /**
   * One that is told what runs cost.
   *
   * @param meters make a meter for each graph that is loaded
   */
  public OnnxEngine(CostMeter.Maker meters) {
    this.meters = meters;
  }

  private static OrtEnvironment environment() {
    try {
      NativeLibraries.prepare();
    } catch (WrongFileException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
    return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "podium");
  }

  @Override
  public Graph load(Path file, EngineOptions options) throws ModelException {
    if (!Files.isRegularFile(file)) {
      throw new ModelException(file + ": not there (expected: an ONNX model)");
    }
    GraphFile graph = graphFile(file);
    List<String> notes = new ArrayList<>();
    List<ExecutionProvider> providers = new ArrayList<>(options.providers());
    ProviderSetup setup = new ProviderSetup(environment, file, notes);
    while (true) {
      List<ExecutionProvider> wanted = List.copyOf(providers);
      try (OrtSession.SessionOptions session = sessionOptions(options)) {
        List<String> active = setup.attach(session, wanted);
        Device device = Device.of(active);
        if (options.intraOpThreads() > 1) {
          device = device.withOwnThreads();
        }
        try {
          return new ExportedGraph(
              environment,
              graph.open(environment, session),
              graph,
              () -> another(options, setup, wanted),
              new SessionCopies(
                  device.onCallingThread() && options.arena() ? options.workers() : 1,
                  options.maxCopiedBytes()),
              device,
              meters.make(device.onCallingThread()),
              active,
              notes);
        } catch (OrtException e) {
          // A provider may be present and still fail to start (no device, no driver): try without
          // it.
          ExecutionProvider culprit = setup.blame(e, providers);
          if (culprit == null) {
            throw new ModelException(file + ": " + oneLine(e), e);
          }
          setup.missing(culprit, oneLine(e));
          providers.remove(culprit);
        }
      } catch (OrtException e) {
        throw new ModelException(file + ": " + oneLine(e), e);
      }
    }
  }

  private static GraphFile graphFile(Path file) throws ModelException {
    try {
      return GraphFile.of(file);
    } catch (IOException e) {
      throw new ModelException(file + ": can't be read: " + e, e);
    }
  }

  /** Makes the options of another session of the same model. The caller closes them. */
  @FunctionalInterface
  interface OptionsMaker {
    OrtSession.SessionOptions make() throws OrtException;
  }

  private static OrtSession.SessionOptions another(
      EngineOptions options, ProviderSetup setup, List<ExecutionProvider> wanted)
      throws OrtException {
    OrtSession.SessionOptions session = sessionOptions(options);
    try {
      setup.attach(session, wanted);
      return session;
    } catch (ModelException e) {
      session.close();
      throw new OrtException(e.getMessage());
    }
  }

  private static OrtSession.SessionOptions sessionOptions(EngineOptions options)
      throws OrtException {
    OrtSession.SessionOptions session = new OrtSession.SessionOptions();
    session.setOptimizationLevel(
        switch (options.optimizationLevel()) {
          case NONE -> OrtSession.SessionOptions.OptLevel.NO_OPT;
          case BASIC -> OrtSession.SessionOptions.OptLevel.BASIC_OPT;
          case EXTENDED -> OrtSession.SessionOptions.OptLevel.EXTENDED_OPT;
          case ALL -> OrtSession.SessionOptions.OptLevel.ALL_OPT;
        });
    session.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
    session.setIntraOpNumThreads(options.intraOpThreads());
    session.setInterOpNumThreads(1);
    session.setMemoryPatternOptimization(options.memoryPattern());
    session.setCPUArenaAllocator(options.arena());
    // Threads that wait for work must not burn the cores that others rank on.
    session.addConfigEntry("session.intra_op.allow_spinning", "0");
    session.addConfigEntry("session.inter_op.allow_spinning", "0");
    for (Path library : options.customOpLibraries()) {
      session.registerCustomOpLibrary(library.toString());
    }
    return session;
  }

  /** The runtime's message without its line breaks and its source positions. */
  static String oneLine(OrtException e) {
    String message = e.getMessage() == null ? e.getCode().toString() : e.getMessage();
    return message.replaceAll("\\s+", " ").strip();
  }
}
