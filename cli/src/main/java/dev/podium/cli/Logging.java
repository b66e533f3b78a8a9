package dev.podium.cli;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Switches off log messages of libraries that are of no use at a terminal. */
final class Logging {
  // The JDK keeps loggers weakly: a level set on one that nobody holds is soon forgotten.
  private static final Logger SERVER = Logger.getLogger("dev.podium.server");

  private Logging() {}

  /** Warnings alone, for a server that is only a part of what a command does. */
  static void embedServer() {
    SERVER.setLevel(Level.WARNING);
  }
}
