package dev.podium.server.repository;

import com.google.common.base.Throwables;
import dev.podium.server.engine.Engine;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.loader.ModelLoader;
import dev.podium.server.repository.manager.LoadThreads;
import dev.podium.server.repository.source.FoundModel;
import dev.podium.server.repository.source.VersionFolder;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;

/** One model folder, for tools that look at a model without serving it. */
public final class ModelFolder {
  private ModelFolder() {}

  /**
   * Loads the newest version of a model folder, or the version if the folder is a version's.
   *
   * @param folder a model folder, or one of its version folders
   * @return what the caller closes
   * @throws ModelException if there is nothing to load or it can't be loaded
   */
  public static LoadedVersion load(
      Path folder, Engine engine, EngineOptions options, TuningOptions compile)
      throws ModelException {
    VersionFolder version = FoundModel.version(folder.toAbsolutePath().normalize());
    ModelLoader loader = new ModelLoader(engine, options, compile, Set.of());
    ExecutorService thread = LoadThreads.atOnce(1);
    try {
      return thread.submit(() -> loader.load(version)).get();
    } catch (ExecutionException e) {
      Throwables.throwIfInstanceOf(e.getCause(), ModelException.class);
      Throwables.throwIfUnchecked(e.getCause());
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ModelException(folder + ": interrupted while it was loaded", e);
    } finally {
      thread.shutdown();
    }
  }
}
