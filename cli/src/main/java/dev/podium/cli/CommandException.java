package dev.podium.cli;

/** The end of a command without success: one line for people, and an exit status. */
final class CommandException extends RuntimeException {
  static final int WORK_FAILED = 1;
  static final int WRONG_INPUT = 2;

  private static final long serialVersionUID = 1;

  private final int status;

  private CommandException(int status, String message, Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  /** The work failed: exit status 1. */
  static CommandException failed(String message, Throwable cause) {
    return new CommandException(WORK_FAILED, message, cause);
  }

  /** The command line or a file is wrong: exit status 2. */
  static CommandException wrong(String message) {
    return new CommandException(WRONG_INPUT, message, null);
  }

  /** The command line or a file is wrong: exit status 2. */
  static CommandException wrong(String message, Throwable cause) {
    return new CommandException(WRONG_INPUT, message, cause);
  }

  int status() {
    return status;
  }
}
