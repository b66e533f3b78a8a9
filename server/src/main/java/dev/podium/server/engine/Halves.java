package dev.podium.server.engine;

import ai.onnxruntime.OrtSession;
import dev.podium.graph.Compilation;

/** The two halves of a compiled graph, loaded. Thread-safe as sessions are; closed once. */
record Halves(Compilation.Split split, OrtSession context, OrtSession candidates)
    implements AutoCloseable {
  @Override
  public void close() {
    OnnxSession.close(context);
    OnnxSession.close(candidates);
  }
}
