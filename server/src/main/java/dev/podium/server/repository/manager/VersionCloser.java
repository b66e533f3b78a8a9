package dev.podium.server.repository.manager;

import dev.podium.server.repository.loader.LoadedVersion;
import java.util.concurrent.CompletionStage;

/** Frees what the request path keeps for a version, once no request holds it. */
@FunctionalInterface
public interface VersionCloser {
  /** Completes when nothing uses the version's session any more, so that it can be closed. */
  CompletionStage<Void> retire(LoadedVersion version);
}
