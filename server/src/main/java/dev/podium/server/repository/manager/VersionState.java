package dev.podium.server.repository.manager;

import java.util.Locale;

/**
 * States of a version, from one load to its end. They go one way; a version that is loaded anew
 * begins again.
 */
public enum VersionState {
  /** Entered when the version is to be loaded; its files are read, proved and timed. */
  LOADING,
  /** Entered when it is proved and warm: from now on requests may be given to it. */
  AVAILABLE,
  /** Entered when it is to serve no longer: no new requests, those that it has are finished. */
  UNLOADING,
  /** Entered when the last request is finished, its session closed and its memory free. */
  UNLOADED,
  /** Entered when loading failed, whatever the reason; nothing of it is in memory. */
  FAILED;

  /** Whether a version may go from this state to another one. */
  boolean leadsTo(VersionState next) {
    return switch (this) {
      case LOADING -> next == AVAILABLE || next == FAILED;
      case AVAILABLE -> next == UNLOADING;
      case UNLOADING -> next == UNLOADED;
      case UNLOADED, FAILED -> false;
    };
  }

  /** The state as reports and messages write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
