package dev.podium.server.fault;

import java.io.IOException;

/** A setting names a file that can't be used as it is: one line that says which, and why. */
public final class WrongFileException extends IOException {
  private static final long serialVersionUID = 1L;

  public WrongFileException(String message) {
    super(message);
  }

  public WrongFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
