package dev.podium.server.repository.source;

import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.source.FolderNames.Reading;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a version's files looked like at one moment: enough to tell later which of them changed. The
 * files are those of the version's folder and those that its model's folder holds for all versions.
 * Links are followed, so a link that is moved to another file is a change. What can't be read is
 * left out.
 *
 * @param files by path, relative to the model's folder
 * @param modelBytes size of the graph and its weights
 */
public record Fingerprint(SortedMap<String, Stamp> files, long modelBytes) {
  /** Small files are read: an edit may keep both size and time. */
  private static final long MOST_DIGESTED = 64 << 10;

  private static final int DEEPEST = 8;

  public Fingerprint {
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
  }

  /**
   * One file.
   *
   * @param bytes its size
   * @param target where it really lies, with links followed
   * @param digest SHA-256 in hexadecimal; empty if the file is large
   */
  public record Stamp(long bytes, FileTime modified, Path target, String digest) {}

  /**
   * Looks at a version's files.
   *
   * @throws ModelException if its folder can't be read
   */
  public static Fingerprint of(VersionFolder version) throws ModelException {
    SortedMap<String, Stamp> files = new TreeMap<>();
    Path base = version.modelFolder();
    try {
      for (Path inside : FoundModel.list(base)) {
        boolean ofAVersion =
            Files.isDirectory(inside)
                && FolderNames.version(inside.getFileName().toString()) instanceof Reading.Version;
        if (!ofAVersion || inside.equals(version.folder())) {
          Files.walkFileTree(
              inside,
              EnumSet.of(FileVisitOption.FOLLOW_LINKS),
              DEEPEST,
              new Collector(base, files));
        }
      }
    } catch (IOException e) {
      throw new ModelException(base + ": can't be read: " + e.getMessage(), e);
    }
    String own = base.relativize(version.folder()).toString();
    long bytes = 0;
    for (Map.Entry<String, Stamp> file : files.entrySet()) {
      if (isOfModel(file.getKey()) && (own.isEmpty() || Path.of(file.getKey()).startsWith(own))) {
        bytes += file.getValue().bytes();
      }
    }
    return new Fingerprint(files, bytes);
  }

  private static boolean isOfModel(String name) {
    return !name.endsWith(".jsonl") && !name.endsWith(".yaml") && !name.endsWith(".txt");
  }

  /** Names of files that are other than before, or new, or gone; sorted. */
  public SortedSet<String> changedSince(Fingerprint before) {
    SortedSet<String> changed = new TreeSet<>();
    for (Map.Entry<String, Stamp> file : files.entrySet()) {
      if (!Objects.equals(before.files.get(file.getKey()), file.getValue())) {
        changed.add(file.getKey());
      }
    }
    before.files.keySet().stream().filter(name -> !files.containsKey(name)).forEach(changed::add);
    return changed;
  }

  /** Notes the files that it is shown, and passes over what it can't read. */
  private static final class Collector extends SimpleFileVisitor<Path> {
    private final Path base;
    private final SortedMap<String, Stamp> files;

    Collector(Path base, SortedMap<String, Stamp> files) {
      this.base = base;
      this.files = files;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      return FolderNames.isHidden(folder.getFileName().toString())
          ? FileVisitResult.SKIP_SUBTREE
          : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (attributes.isRegularFile()) {
        try {
          files.put(base.relativize(file).toString(), stamp(file, attributes));
        } catch (IOException e) {
          return visitFileFailed(file, e);
        }
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException why) {
      return FileVisitResult.CONTINUE;
    }
  }

  private static Stamp stamp(Path file, BasicFileAttributes attributes) throws IOException {
    boolean small = attributes.size() <= MOST_DIGESTED;
    return new Stamp(
        attributes.size(),
        attributes.lastModifiedTime(),
        file.toRealPath(),
        small ? HexFormat.of().formatHex(sha256(file)) : "");
  }

  private static byte[] sha256(Path file) throws IOException {
    try {
      return MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java runtime has SHA-256", e);
    }
  }
}
