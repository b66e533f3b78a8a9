package dev.podium.server.repository.source;

import dev.podium.server.fault.ModelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The folder of models. Each look reads it anew. Thread-safe. */
public final class ModelSource {
  private final Path root;

  public ModelSource(Path root) {
    this.root = root;
  }

  /** What was found at one look. */
  public record Snapshot(List<FoundModel> models, List<Ignored> ignored) {
    public Snapshot {
      models = List.copyOf(models);
      ignored = List.copyOf(ignored);
    }
  }

  /** The folder itself. */
  public Path root() {
    return root;
  }

  /** Whether a model can have this name; others are not looked for. */
  public static boolean isModelName(String name) {
    return FolderNames.isModelName(name);
  }

  /**
   * Looks at all models, by name.
   *
   * @throws ModelException if the folder can't be read. A model whose folder can't be read has no
   *     version
   */
  public Snapshot look() throws ModelException {
    if (!Files.isDirectory(root)) {
      throw new ModelException(root + ": not there (expected: a folder of model folders)");
    }
    List<FoundModel> models = new ArrayList<>();
    List<Ignored> ignored = new ArrayList<>();
    for (Path folder : FoundModel.list(root)) {
      if (!Files.isDirectory(folder)) {
        continue;
      }
      String why = FolderNames.notAModel(folder.getFileName().toString());
      try {
        if (why == null && !FoundModel.looksLikeOne(folder)) {
          why = "it holds no model (expected: model.yaml, model.onnx or a version's folder)";
        }
        if (why == null) {
          models.add(FoundModel.in(folder));
        }
      } catch (ModelException e) {
        // Somebody meant it for a model, so it is missed.
        models.add(FoundModel.unreadable(folder, e.getMessage()));
      }
      if (why != null) {
        ignored.add(new Ignored(folder, why));
      }
    }
    models.sort(Comparator.comparing(FoundModel::name));
    return new Snapshot(models, ignored);
  }

  /**
   * Looks at one model.
   *
   * @param name {@linkplain #isModelName a model's name}
   * @return null if there is no folder of this name
   * @throws ModelException if its folder can't be read
   */
  public FoundModel look(String name) throws ModelException {
    Path folder = root.resolve(name);
    return Files.isDirectory(folder) ? FoundModel.in(folder) : null;
  }
}
