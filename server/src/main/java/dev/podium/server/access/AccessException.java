package dev.podium.server.access;

/** Why credentials or their files are not accepted: one line that never holds a secret. */
public final class AccessException extends Exception {
  private static final long serialVersionUID = 1L;

  public AccessException(String message) {
    super(message);
  }

  AccessException(String message, Throwable cause) {
    super(message, cause);
  }
}
