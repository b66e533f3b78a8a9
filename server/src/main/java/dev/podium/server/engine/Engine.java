package dev.podium.server.engine;

import dev.podium.server.fault.ModelException;
import java.nio.file.Path;

/** Loads graphs into the runtime. Thread-safe. */
public interface Engine {
  /**
   * Reads a graph.
   *
   * @param file the {@code .onnx} file; external weights are looked for beside it
   * @throws ModelException if the file is no model that the runtime can run, or a required provider
   *     is missing
   */
  Graph load(Path file, EngineOptions options) throws ModelException;
}
