package dev.podium.server.repository.source;

import java.nio.file.Path;

/**
 * A file or folder that looks as if somebody meant it to be served, and is not.
 *
 * @param path where it lies
 * @param why what was expected there
 */
public record Ignored(Path path, String why) {
  /** One line: the name, and why it is not served. */
  @Override
  public String toString() {
    return "'" + path.getFileName() + "' is ignored: " + why;
  }
}
