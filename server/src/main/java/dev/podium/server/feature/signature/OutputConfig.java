package dev.podium.server.feature.signature;

/**
 * One entry of {@code outputs} in {@code model.yaml}.
 *
 * @param name as in requests
 * @param output the graph's name; null if it is the same
 * @param column the only column to serve; null for all
 */
public record OutputConfig(String name, String output, Integer column) {
  /** The graph's name of this output. */
  public String tensor() {
    return output == null ? name : output;
  }
}
