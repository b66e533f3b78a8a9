package dev.podium.loadtest.bench;

import dev.podium.loadtest.fault.WorkFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A repository of its own with copies of some models whose tiles are larger than any request, so
 * that a server never cuts one. {@link #close} deletes it.
 */
public final class WholeRequests implements AutoCloseable {
  /** The most that a model.yaml may say. */
  private static final int ROWS = 65_536;

  private final Path folder;

  private WholeRequests(Path folder) {
    this.folder = folder;
  }

  /**
   * Copies models.
   *
   * @throws WorkFailedException if that fails
   */
  public static WholeRequests copy(Path models, List<String> names) {
    Path folder;
    try {
      folder = Files.createTempDirectory("podium-whole-");
    } catch (IOException e) {
      throw new WorkFailedException("no temporary folder: " + e.getMessage(), e);
    }
    WholeRequests copies = new WholeRequests(folder);
    try {
      for (String name : names) {
        copy(models.resolve(name), folder.resolve(name));
      }
    } catch (IOException e) {
      copies.close();
      throw new WorkFailedException(models + ": can't be copied: " + e.getMessage(), e);
    }
    return copies;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
    Path yaml = to.resolve("model.yaml");
    String kept = "";
    if (Files.exists(yaml)) {
      kept = Files.readString(yaml).replaceAll("(?m)^tile_rows:.*$", "");
    }
    Files.writeString(
        yaml,
        kept + "\ntile_rows: " + ROWS + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING);
  }

  /** The repository. */
  public Path folder() {
    return folder;
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new WorkFailedException(folder + ": can't be deleted: " + e.getMessage(), e);
    }
  }
}
