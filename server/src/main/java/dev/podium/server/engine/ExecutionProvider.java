package dev.podium.server.engine;

import java.nio.file.Path;
import java.util.Map;

/**
 * An execution provider that a model asks for.
 *
 * @param name {@code cpu}, {@code cuda}, {@code tensorrt}, {@code webgpu}, or the name that a
 *     plug-in library registers
 * @param required whether the model must not be served without it; otherwise the next one in the
 *     list stands in, with a warning
 * @param library a plug-in provider's library; null for those built into the runtime
 * @param options the provider's own options, by its own names
 */
public record ExecutionProvider(
    String name, boolean required, Path library, Map<String, String> options) {

  /** The runtime's own kernels. Always there. */
  public static final ExecutionProvider CPU = new ExecutionProvider("cpu", false, null, Map.of());

  public ExecutionProvider {
    options = Map.copyOf(options);
  }

  /** One that the runtime has built in, without options of its own. */
  public static ExecutionProvider parse(String name) {
    return new ExecutionProvider(name, false, null, Map.of());
  }

  /** Its name. */
  @Override
  public String toString() {
    return name;
  }
}
