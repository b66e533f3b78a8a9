package dev.podium.server;

import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.ModelRepository;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * A running server. Start it with {@link #start}, stop it with {@link #close}, which lets the
 * requests that it has finish. Thread-safe.
 */
public final class PodiumServer implements AutoCloseable {
  private final ServerConfig config;
  private final Lifecycle lifecycle;
  private final ServerParts parts;

  private PodiumServer(ServerConfig config, Lifecycle lifecycle, ServerParts parts) {
    this.config = config;
    this.lifecycle = lifecycle;
    this.parts = parts;
  }

  /**
   * Loads the models and starts listening; returns when both are done.
   *
   * @throws ModelException if the models' folder can't be read. Single models that fail are
   *     reported by {@code ListModels} and in the log, and the others serve
   * @throws IOException if an address can't be bound, or a file can't be used
   */
  public static PodiumServer start(ServerConfig config) throws IOException, ModelException {
    return start(config, new Lifecycle());
  }

  static PodiumServer start(ServerConfig config, Lifecycle lifecycle)
      throws IOException, ModelException {
    try {
      ServerParts parts = new ServerParts(config, lifecycle);
      ServerLogging.settings(config);
      parts.load();
      parts.warmUp();
      parts.serve();
      return new PodiumServer(config, lifecycle, parts);
    } catch (Throwable e) {
      lifecycle.close(Duration.ZERO);
      throw e;
    }
  }

  /** Where ranking requests are taken. */
  public InetSocketAddress grpcAddress() {
    return parts.transport().address();
  }

  /** Where operators look. */
  public InetSocketAddress adminAddress() {
    return parts.admin().address();
  }

  /** The models and their states. */
  public ModelRepository repository() {
    return parts.repository();
  }

  /** Stops as {@link #stop} does, within the configured time. */
  @Override
  public void close() {
    drainAndClose();
  }

  /** As {@link #close}; returns whether all requests were finished. */
  public boolean drainAndClose() {
    return stop(config.drainTimeout());
  }

  /**
   * Takes no more requests, finishes those that it has, and frees everything. Calls after the first
   * do nothing.
   *
   * @return whether all requests were finished within the time
   */
  public boolean stop(Duration timeout) {
    return lifecycle.close(timeout);
  }
}
