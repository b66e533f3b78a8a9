package dev.podium.loadtest.fault;

/**
 * The work could not be done (no server, a server that refuses): exit status 1 and this one-line
 * message.
 */
public final class WorkFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An exception with a one-line message. */
  public WorkFailedException(String message) {
    super(message);
  }

  /** An exception with a one-line message and the failure under it. */
  public WorkFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
