package dev.podium.server.repository.manager;

import java.util.Locale;

/**
 * States of a version. A version moves down this list and never up, until it is loaded anew; FAILED
 * ends it too.
 */
public enum VersionState {
  /** From the moment that the folder is found until the version is ready to serve. */
  LOADING,
  /** From the moment that requests may be given to it. */
  AVAILABLE,
  /** From the moment that it takes no new requests, while those it has are finished. */
  UNLOADING,
  /** From the moment that its session is closed and its memory is free. */
  UNLOADED,
  /** From the moment that loading failed. */
  FAILED;

  /** The state as reports and messages write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
