package dev.podium.loadtest.fault;

import java.io.PrintWriter;
import java.util.function.IntSupplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Turns failures into one line and an exit status. */
public final class CommandErrors {
  private CommandErrors() {}

  /**
   * Runs a command's work. {@link InputException} becomes status 2, {@link WorkFailedException}
   * status 1, and the message one line on the command's error stream, with the stack trace only if
   * its root command has {@code --verbose} set.
   *
   * @return the exit status: the work's own, or the failure's
   */
  public static int guard(CommandSpec spec, IntSupplier work) {
    try {
      return work.getAsInt();
    } catch (InputException e) {
      return report(spec, e, 2);
    } catch (WorkFailedException e) {
      return report(spec, e, 1);
    }
  }

  private static int report(CommandSpec spec, RuntimeException e, int status) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(spec.qualifiedName() + ": " + e.getMessage());
    // An option of the root command, if there is one.
    OptionSpec verbose = spec.findOption("--verbose");
    if (verbose != null && Boolean.TRUE.equals(verbose.getValue())) {
      e.printStackTrace(err);
    }
    err.flush();
    return status;
  }
}
