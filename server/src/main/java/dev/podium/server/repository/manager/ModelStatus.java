package dev.podium.server.repository.manager;

import java.util.List;

/**
 * A model as an operator sees it at one moment.
 *
 * @param name the folder's name
 * @param versions newest first
 * @param message why none of it can be served; empty if that is not so
 */
public record ModelStatus(String name, List<Version> versions, String message) {
  /** Whether a request that names no version can be answered. */
  public boolean available() {
    return versions.stream().anyMatch(version -> version.state() == VersionState.AVAILABLE);
  }

  /**
   * One of its versions.
   *
   * @param number the version folder's number
   * @param message why it failed, or what to know of it; may be empty
   * @param labels the labels that point at it
   * @param fileBytes size of its graph and weight files; 0 if it isn't in memory
   */
  public record Version(
      long number, VersionState state, String message, List<String> labels, long fileBytes) {}
}
