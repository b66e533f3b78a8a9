package dev.podium.server.engine.ort;

import ai.onnxruntime.OrtEnvironment;
import dev.podium.server.fault.WrongFileException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Unpacks ONNX Runtime's libraries into one folder of the temporary folder and leaves them there
 * for the next start. By itself the runtime unpacks them anew each time, and a process that ends
 * quickly leaves them behind. Thread-safe.
 */
public final class NativeLibraries {
  /** Where the runtime looks; set by whoever has unpacked them elsewhere. */
  private static final String FOLDER_PROPERTY = "onnxruntime.native.path";

  private static final List<String> NAMES =
      List.of(
          "onnxruntime",
          "onnxruntime4j_jni",
          "onnxruntime_providers_shared",
          "onnxruntime_providers_cuda",
          "onnxruntime_providers_tensorrt");

  private NativeLibraries() {}

  /**
   * Sees to it that the libraries are there and can be loaded. Does nothing if {@code
   * onnxruntime.native.path} is set.
   *
   * @throws WrongFileException if the temporary folder can't hold them, naming it
   */
  public static synchronized void prepare() throws WrongFileException {
    if (System.getProperty(FOLDER_PROPERTY) != null) {
      return;
    }
    String resources = "/ai/onnxruntime/native/" + platform() + '/';
    if (OrtEnvironment.class.getResource(resources + System.mapLibraryName(NAMES.get(0))) == null) {
      return; // a system that the runtime knows, or refuses, by itself
    }
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    Path folder = unpack(resources, temporary);
    Path first = folder.resolve(System.mapLibraryName(NAMES.get(0)));
    try {
      System.load(first.toAbsolutePath().toString());
    } catch (UnsatisfiedLinkError e) {
      throw wrong(temporary, first + " can't be loaded: " + e.getMessage(), e);
    }
    System.setProperty(FOLDER_PROPERTY, folder.toAbsolutePath().toString());
  }

  /** Unpacks what isn't there; returns the folder. */
  static Path unpack(String resources, Path temporary) throws WrongFileException {
    try {
      Path folder = folder(temporary);
      for (String name : NAMES) {
        String file = System.mapLibraryName(name);
        URL packed = OrtEnvironment.class.getResource(resources + file);
        if (packed != null) {
          unpack(packed, folder.resolve(file));
        }
      }
      return folder;
    } catch (NoSuchFileException e) {
      throw wrong(temporary, "there is no such folder", e);
    } catch (IOException e) {
      throw wrong(temporary, "ONNX Runtime's libraries can't be unpacked there: " + reason(e), e);
    }
  }

  /** Names with the version and the user, so that nobody meets what isn't theirs. */
  private static Path folder(Path temporary) throws IOException {
    String version = OrtEnvironment.class.getPackage().getImplementationVersion();
    Path folder =
        temporary.resolve(
            "podium-onnxruntime-" + version + '-' + System.getProperty("user.name", "user"));
    boolean posix = Files.getFileStore(temporary).supportsFileAttributeView("posix");
    try {
      if (posix) {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } else {
        Files.createDirectory(folder);
      }
    } catch (FileAlreadyExistsException e) {
      if (!isOurs(folder, temporary, posix)) {
        // Somebody else's libraries are not for us to run.
        return Files.createTempDirectory(temporary, "podium-onnxruntime");
      }
    }
    return folder;
  }

  private static boolean isOurs(Path folder, Path temporary, boolean posix) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    if (!posix) {
      return true;
    }
    Set<PosixFilePermission> rights =
        Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS);
    // Made now, so it has this process's owner, whatever the system calls it.
    Path probe = Files.createTempFile(temporary, "podium", "");
    try {
      return Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(probe))
          && !rights.contains(PosixFilePermission.GROUP_WRITE)
          && !rights.contains(PosixFilePermission.OTHERS_WRITE);
    } finally {
      Files.delete(probe);
    }
  }

  private static void unpack(URL packed, Path file) throws IOException {
    URLConnection resource = packed.openConnection();
    try (InputStream in = resource.getInputStream()) {
      if (Files.exists(file) && Files.size(file) == resource.getContentLengthLong()) {
        return;
      }
      // Under another name until it is whole: another process may start at the same time.
      Path part = Files.createTempFile(file.getParent(), "part", "");
      try {
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
    }
  }

  private static String reason(IOException e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private static WrongFileException wrong(Path temporary, String why, Throwable cause) {
    return new WrongFileException(
        "java.io.tmpdir: "
            + temporary
            + ": "
            + why
            + " (expected: a folder to write to, with 30 MB free, whose files may be executed; or"
            + " the libraries in -D"
            + FOLDER_PROPERTY
            + "=FOLDER)",
        cause);
  }

  private static String platform() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String os = system.contains("mac") ? "osx" : system.contains("win") ? "win" : "linux";
    boolean arm = processor.startsWith("aarch64") || processor.startsWith("arm64");
    return os + '-' + (arm ? "aarch64" : "x64");
  }
}
