package dev.podium.server.engine.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.fault.WrongFileException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The runtime's libraries are unpacked once, or one line says why they can't be. */
class NativeLibrariesTest {
  private static final String RESOURCES = "/ai/onnxruntime/native/linux-x64/";

  @TempDir Path temporary;

  private List<Path> content(Path folder) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void theyAreUnpackedOnce() throws Exception {
    Path folder = NativeLibraries.unpack(RESOURCES, temporary);
    Path library = folder.resolve(System.mapLibraryName("onnxruntime"));
    assertThat(content(folder)).hasSize(2).contains(library);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
    FileTime mark = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(library, mark);

    assertThat(NativeLibraries.unpack(RESOURCES, temporary)).isEqualTo(folder);
    assertThat(Files.getLastModifiedTime(library)).isEqualTo(mark);
    assertThat(content(temporary)).containsExactly(folder);
    assertThat(content(folder)).hasSize(2);
  }

  @Test
  void whatWasCutOffIsUnpackedAnew() throws Exception {
    Path folder = NativeLibraries.unpack(RESOURCES, temporary);
    Path library = folder.resolve(System.mapLibraryName("onnxruntime4j_jni"));
    long whole = Files.size(library);
    Files.write(library, new byte[10]);
    NativeLibraries.unpack(RESOURCES, temporary);
    assertThat(library).hasSize(whole);
  }

  /** Others could put libraries of theirs there. */
  @Test
  void aFolderThatOthersMayWriteToIsNotUsed() throws Exception {
    Path folder = NativeLibraries.unpack(RESOURCES, temporary);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path own = NativeLibraries.unpack(RESOURCES, temporary);
    assertThat(own).isNotEqualTo(folder);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
        .isEqualTo("rwx------");
  }

  @Test
  void aTemporaryFolderThatCantHoldThemIsNamed() throws Exception {
    Path missing = temporary.resolve("missing");
    Path file = Files.createFile(temporary.resolve("file"));
    for (Path wrong : List.of(missing, file)) {
      assertThatThrownBy(() -> NativeLibraries.unpack(RESOURCES, wrong))
          .isInstanceOf(WrongFileException.class)
          .hasMessageStartingWith("java.io.tmpdir: " + wrong + ": ")
          .hasMessageContaining("(expected: ")
          .matches(e -> e.getMessage().lines().count() == 1, "is one line");
    }
  }
}
