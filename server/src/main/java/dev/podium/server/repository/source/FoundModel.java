package dev.podium.server.repository.source;

import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.source.FolderNames.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * One model's folder, as it was when it was looked at.
 *
 * @param name the folder's name
 * @param versions by number; empty if it holds none
 * @param ignored what lies in it and is not served, though it looks as if it should be
 */
public record FoundModel(
    String name, Path folder, NavigableMap<Long, VersionFolder> versions, List<Ignored> ignored) {
  static final String GRAPH = "model.onnx";
  private static final String RULES = "model.yaml";

  /** Plain numbers before padded ones, so that they win where both stand for one version. */
  private static final Comparator<Path> PLAIN_FIRST =
      Comparator.comparing((Path path) -> path.getFileName().toString().length())
          .thenComparing(Comparator.naturalOrder());

  /**
   * Looks at a model's folder.
   *
   * @throws ModelException if it can't be read
   */
  static FoundModel in(Path folder) throws ModelException {
    String name = folder.getFileName().toString();
    NavigableMap<Long, VersionFolder> versions = new TreeMap<>();
    List<Ignored> ignored = new ArrayList<>();
    for (Path inside : list(folder)) {
      if (!Files.isDirectory(inside)) {
        continue;
      }
      Reading reading = FolderNames.version(inside.getFileName().toString());
      if (reading instanceof Reading.Version version) {
        VersionFolder found = new VersionFolder(name, version.number(), folder, inside);
        VersionFolder first = versions.putIfAbsent(version.number(), found);
        if (first != null) {
          ignored.add(
              new Ignored(
                  inside,
                  "version "
                      + version.number()
                      + " is served from '"
                      + first.folder().getFileName()
                      + "' (expected: one folder a version)"));
        }
      } else if (reading instanceof Reading.NoVersion no) {
        ignored.add(new Ignored(inside, no.why()));
      } else if (Files.exists(inside.resolve(GRAPH))) {
        ignored.add(new Ignored(inside, "(expected: a version's number, such as 1)"));
      }
    }
    Path graph = folder.resolve(GRAPH);
    if (Files.exists(graph)) {
      if (versions.isEmpty()) {
        // As KServe lays out a model that has but one version.
        versions.put(1L, new VersionFolder(name, 1, folder, folder));
      } else {
        ignored.add(new Ignored(graph, "it lies beside versions (expected: in one of them)"));
      }
    }
    return new FoundModel(name, folder, versions, List.copyOf(ignored));
  }

  /** A model whose folder can't be read. */
  static FoundModel unreadable(Path folder, String why) {
    return new FoundModel(
        folder.getFileName().toString(),
        folder,
        Collections.emptyNavigableMap(),
        List.of(new Ignored(folder, why)));
  }

  /**
   * The version of a folder that is one, or the newest one of a model's folder.
   *
   * @param folder absolute
   * @throws ModelException if there is none
   */
  public static VersionFolder version(Path folder) throws ModelException {
    if (Files.exists(folder.resolve(GRAPH))
        && FolderNames.version(folder.getFileName().toString())
            instanceof Reading.Version version) {
      Path model = folder.getParent();
      return new VersionFolder(model.getFileName().toString(), version.number(), model, folder);
    }
    if (!Files.isDirectory(folder)) {
      throw new ModelException(folder + ": not there (expected: a model folder)");
    }
    NavigableMap<Long, VersionFolder> versions = in(folder).versions();
    if (versions.isEmpty()) {
      throw new ModelException(
          folder + ": no version (expected: a folder named by a number, with model.onnx)");
    }
    return versions.lastEntry().getValue();
  }

  /**
   * Whether somebody seems to have meant a folder for a model: it holds something of one, or
   * nothing at all so far.
   */
  static boolean looksLikeOne(Path folder) throws ModelException {
    List<Path> inside = list(folder);
    for (Path path : inside) {
      String name = path.getFileName().toString();
      boolean ofModel =
          Files.isDirectory(path)
              ? !(FolderNames.version(name) instanceof Reading.Other)
                  || Files.exists(path.resolve(GRAPH))
              : name.equals(RULES) || name.endsWith(".onnx");
      if (ofModel) {
        return true;
      }
    }
    return inside.isEmpty();
  }

  /** What is not hidden in a folder, plain numbers first. */
  static List<Path> list(Path folder) throws ModelException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(path -> !FolderNames.isHidden(path.getFileName().toString()))
          .sorted(PLAIN_FIRST)
          .toList();
    } catch (IOException e) {
      throw new ModelException(folder + ": can't be read: " + e.getMessage(), e);
    }
  }
}
