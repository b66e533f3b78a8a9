package dev.podium.server.repository.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each change of a version's files is seen, and no other. */
class FingerprintTest {
  @TempDir private Path root;
  private VersionFolder version;
  private Fingerprint before;

  @BeforeEach
  void write() throws Exception {
    file("m/model.yaml", "rules");
    file("m/vocabulary/genre.txt", "drama");
    file("m/1/model.onnx", "graph");
    file("m/1/model.onnx.data", "w".repeat(100_000));
    file("m/1/golden.jsonl", "golden");
    file("m/2/model.onnx", "other");
    version = new VersionFolder("m", 1, root.resolve("m"), root.resolve("m/1"));
    before = Fingerprint.of(version);
  }

  @Test
  void nothingChangedIsNoChange() throws Exception {
    assertThat(Fingerprint.of(version)).isEqualTo(before);
    assertThat(Fingerprint.of(version).changedSince(before)).isEmpty();
    assertThat(before.modelBytes()).isEqualTo("graph".length() + 100_000);
  }

  @Test
  void anEditThatKeepsSizeAndTimeOfASmallFileIsSeen() throws Exception {
    Path rules = root.resolve("m/model.yaml");
    FileTime time = Files.getLastModifiedTime(rules);
    Files.writeString(rules, "RULES");
    Files.setLastModifiedTime(rules, time);
    assertThat(changed()).containsExactly("model.yaml");
  }

  @Test
  void aLargeFileIsTakenBySizeAndTime() throws Exception {
    Path weights = root.resolve("m/1/model.onnx.data");
    Files.setLastModifiedTime(weights, FileTime.fromMillis(1));
    assertThat(changed()).containsExactly("1/model.onnx.data");
  }

  @Test
  void filesThatComeAndGoAreSeen() throws Exception {
    file("m/1/warmup.jsonl", "warm-up");
    Files.delete(root.resolve("m/vocabulary/genre.txt"));
    assertThat(changed()).containsExactly("1/warmup.jsonl", "vocabulary/genre.txt");
  }

  @Test
  void otherVersionsAndHiddenFilesAreNoneOfIt() throws Exception {
    file("m/2/model.onnx", "changed");
    file("m/3/model.onnx", "new");
    file("m/.cache/index", "x");
    file("m/1/.cache/index", "x");
    assertThat(changed()).isEmpty();
  }

  /** As Kubernetes swaps a volume: the same names, size, time and bytes, from another folder. */
  @Test
  void aLinkThatPointsElsewhereIsSeen() throws Exception {
    file("blobs/a", "graph");
    file("blobs/b", "graph");
    FileTime time = FileTime.fromMillis(1_000);
    Files.setLastModifiedTime(root.resolve("blobs/a"), time);
    Files.setLastModifiedTime(root.resolve("blobs/b"), time);
    Path graph = root.resolve("m/1/model.onnx");
    Files.delete(graph);
    Files.createSymbolicLink(graph, root.resolve("blobs/a"));
    before = Fingerprint.of(version);
    assertThat(before.modelBytes()).isEqualTo("graph".length() + 100_000);
    Files.delete(graph);
    Files.createSymbolicLink(graph, root.resolve("blobs/b"));
    assertThat(changed()).containsExactly("1/model.onnx");
  }

  @Test
  void aFolderThatContainsItselfIsPassedOver() throws Exception {
    Files.createSymbolicLink(root.resolve("m/1/loop"), root.resolve("m"));
    Files.createSymbolicLink(root.resolve("m/1/lost"), root.resolve("nowhere"));
    assertThat(changed()).isNotEmpty().allMatch(file -> file.startsWith("1/loop/"));
  }

  private Iterable<String> changed() throws Exception {
    return Fingerprint.of(version).changedSince(before);
  }

  private void file(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
