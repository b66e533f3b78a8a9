package dev.podium.server.rpc;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.repository.ModelRepository;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Loads and unloads models when callers ask for it, one after the other, away from the threads that
 * serve requests. Thread-safe.
 */
public final class ModelControl {
  private static final Logger LOG = Logger.getLogger(ModelControl.class.getName());

  private final ModelRepository repository;
  private final boolean allowed;
  private final Executor executor;

  /**
   * @param allowed whether callers may at all
   * @param executor of bounded room; runs one task at a time
   */
  public ModelControl(ModelRepository repository, boolean allowed, Executor executor) {
    this.repository = repository;
    this.allowed = allowed;
    this.executor = executor;
  }

  /** Reads a model's folder again and serves what is in it. */
  void load(String model, Consumer<RankException> done) {
    control(model, () -> repository.load(model), done);
  }

  /** Takes a model's versions from new requests. */
  void unload(String model, Consumer<RankException> done) {
    control(model, () -> repository.unload(model), done);
  }

  private interface Change {
    void run() throws RankException;
  }

  /**
   * @param done is given null, or why the change wasn't made
   */
  private void control(String model, Change change, Consumer<RankException> done) {
    if (!allowed) {
      // Triton's code and words for servers that don't let clients load models.
      done.accept(
          new RankException(FaultCode.UNAVAILABLE, "explicit model load / unload is not allowed"));
      return;
    }
    try {
      executor.execute(() -> done.accept(run(model, change)));
    } catch (RejectedExecutionException e) {
      done.accept(
          new RankException(
              FaultCode.UNAVAILABLE,
              "model "
                  + Quoted.text(model)
                  + ": too many loads and unloads wait, or the server is stopping"));
    }
  }

  private static RankException run(String model, Change change) {
    try {
      change.run();
      return null;
    } catch (RankException e) {
      return e;
    } catch (RuntimeException | Error e) {
      // The caller must have an answer, whatever happened.
      LOG.log(Level.SEVERE, "model " + model + ": a load or unload failed", e);
      return new RankException(FaultCode.INTERNAL, "model " + Quoted.text(model) + ": " + e, e);
    }
  }
}
