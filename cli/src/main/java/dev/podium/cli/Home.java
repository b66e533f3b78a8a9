package dev.podium.cli;

import java.nio.file.Path;

/**
 * The folder that holds the models: the repository's root, or the root of a packaged distribution.
 */
final class Home {
  /** Set by the podium script. */
  private static final String PROPERTY = "podium.home";

  private Home() {}

  /**
   * A path below the home folder; below the working folder if the program was not started by the
   * script.
   */
  static Path path(String relative) {
    return Path.of(System.getProperty(PROPERTY, "")).resolve(relative);
  }
}
