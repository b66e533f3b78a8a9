package dev.podium.loadtest.fault;

/**
 * The command line or a file is wrong: the command ends with exit status 2 and this message, one
 * line that says what came and what was expected.
 */
public final class InputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An exception with a one-line message. */
  public InputException(String message) {
    super(message);
  }

  /** An exception with a one-line message and the failure under it. */
  public InputException(String message, Throwable cause) {
    super(message, cause);
  }
}
