package dev.podium.loadtest.report;

import dev.podium.loadtest.fault.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/** The file that an option names for a report. Each method does nothing if the option is absent. */
public final class ReportFile {
  private ReportFile() {}

  /**
   * Checks before a run that its report can be written.
   *
   * @param file null if no file is wanted
   * @throws InputException if the file is a folder, or its folder does not exist
   */
  public static void checkWritable(Path file) {
    if (file != null
        && (Files.isDirectory(file)
            || !Files.isDirectory(file.toAbsolutePath().normalize().getParent()))) {
      throw new InputException(
          file + ": can't be written (expected: a file in a folder that is there)");
    }
  }

  /**
   * Writes a report.
   *
   * @param file null if no file is wanted
   * @param content called only if a file is wanted
   * @throws InputException if it can't be written
   */
  public static void write(Path file, Supplier<String> content) {
    if (file == null) {
      return;
    }
    try {
      Files.writeString(file, content.get());
    } catch (IOException e) {
      throw new InputException(file + ": can't be written: " + e.getMessage(), e);
    }
  }
}
