package dev.podium.server.repository.loader;

import dev.podium.server.repository.source.VersionPolicy;
import java.util.Map;

/**
 * What a {@code model.yaml} says of the model as a whole.
 *
 * @param policy which versions are to be served
 * @param labels versions by their other names; those are served, too
 */
public record ServingRules(VersionPolicy policy, Map<String, Long> labels) {
  public ServingRules {
    labels = Map.copyOf(labels);
  }
}
