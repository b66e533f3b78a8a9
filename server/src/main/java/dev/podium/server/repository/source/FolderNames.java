package dev.podium.server.repository.source;

import java.util.Set;
import java.util.regex.Pattern;

/** What the names of files and folders in a repository mean. Looks at names alone. */
final class FolderNames {
  private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9._-]+");
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");

  /** What people write where a version's number belongs: {@code v2}, {@code 2.1}, {@code 3-old}. */
  private static final Pattern NEARLY_NUMBER = Pattern.compile("[vV]?[0-9].*");

  /** Folders that tools leave behind; nobody keeps a model in one. */
  private static final Set<String> LEFT_BY_TOOLS = Set.of("__MACOSX", "lost+found", "@eaDir");

  /** How a folder inside a model's folder reads. */
  sealed interface Reading {
    /** A version. */
    record Version(long number) implements Reading {}

    /** Meant as a version, as it seems, but no number that can be served. */
    record NoVersion(String why) implements Reading {}

    /** Something else: vocabularies, say. */
    record Other() implements Reading {}
  }

  private FolderNames() {}

  /**
   * Whether the name is hidden, as listings hide it; such files and folders are never looked at.
   */
  static boolean isHidden(String name) {
    return name.startsWith(".");
  }

  /** Whether a model can have this name at all. */
  static boolean isModelName(String name) {
    return MODEL.matcher(name).matches() && !isHidden(name) && !LEFT_BY_TOOLS.contains(name);
  }

  /** Why a folder of this name holds no model; null if it may. */
  static String notAModel(String name) {
    if (LEFT_BY_TOOLS.contains(name)) {
      return "what a tool left behind (expected: a model's folder)";
    }
    return isModelName(name) ? null : "(expected: letters, digits, '.', '_' and '-')";
  }

  /** Reads the name of a folder inside a model's folder. */
  static Reading version(String name) {
    if (NUMBER.matcher(name).matches()) {
      try {
        long number = Long.parseLong(name);
        return number == 0
            ? new Reading.NoVersion("(expected: a version's number, from 1)")
            : new Reading.Version(number);
      } catch (NumberFormatException e) {
        return new Reading.NoVersion(
            "(expected: a version's number, at most " + Long.MAX_VALUE + ")");
      }
    }
    return NEARLY_NUMBER.matcher(name).matches()
        ? new Reading.NoVersion("(expected: a version's number alone, such as 2 or 00000002)")
        : new Reading.Other();
  }
}
