package dev.podium.server.repository.source;

import dev.podium.server.fault.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds the versions in a model folder. */
public final class VersionFolders {
  private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,17}");

  private VersionFolders() {}

  public static boolean isVersion(String name) {
    return VERSION.matcher(name).matches();
  }

  public static NavigableSet<Long> in(Path modelFolder) throws ModelException {
    NavigableSet<Long> numbers = new TreeSet<>();
    try (Stream<Path> entries = Files.list(modelFolder)) {
      entries
          .filter(Files::isDirectory)
          .map(path -> path.getFileName().toString())
          .filter(VersionFolders::isVersion)
          .map(Long::valueOf)
          .forEach(numbers::add);
    } catch (IOException e) {
      throw new ModelException(modelFolder + ": can't be read: " + e.getMessage(), e);
    }
    return numbers;
  }

  /** Size of a version's files but for rules and requests: graph and weights. */
  public static long modelBytes(Path versionFolder) throws ModelException {
    try (Stream<Path> entries = Files.list(versionFolder)) {
      long bytes = 0;
      for (Path file : entries.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        if (!name.endsWith(".jsonl") && !name.endsWith(".yaml")) {
          bytes += Files.size(file);
        }
      }
      return bytes;
    } catch (IOException e) {
      throw new ModelException(versionFolder + ": can't be read: " + e.getMessage(), e);
    }
  }
}
