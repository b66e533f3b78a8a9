package dev.podium.server.repository;

import dev.podium.server.engine.Engine;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.loader.ModelLoader;
import dev.podium.server.repository.source.VersionFolders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableSet;
import java.util.Set;

/** One model folder, for tools that look at a model without serving it. */
public final class ModelFolder {
  private ModelFolder() {}

  /**
   * Loads the newest version of a model folder, or the version if the folder is a version's.
   *
   * @param folder a model folder, or one of its version folders
   * @return what the caller closes by {@code session().close()}
   * @throws ModelException if there is nothing to load or it can't be loaded
   */
  public static LoadedVersion load(
      Path folder, Engine engine, EngineOptions options, TuningOptions compile)
      throws ModelException {
    Path absolute = folder.toAbsolutePath().normalize();
    ModelLoader loader = new ModelLoader(engine, options, compile, Set.of());
    if (Files.exists(absolute.resolve("model.onnx"))
        && VersionFolders.isVersion(absolute.getFileName().toString())) {
      return loader.load(absolute.getParent(), Long.parseLong(absolute.getFileName().toString()));
    }
    if (!Files.isDirectory(absolute)) {
      throw new ModelException(folder + ": not there (expected: a model folder)");
    }
    NavigableSet<Long> versions = VersionFolders.in(absolute);
    if (versions.isEmpty()) {
      throw new ModelException(
          folder + ": no version (expected: a folder named by a number, with model.onnx)");
    }
    return loader.load(absolute, versions.last());
  }
}
