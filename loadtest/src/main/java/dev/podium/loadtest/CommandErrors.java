package dev.podium.loadtest;

import java.io.PrintWriter;
import java.util.function.IntSupplier;
import picocli.CommandLine.Model.CommandSpec;

/** Turns failures into one line and an exit status. */
final class CommandErrors {
  private CommandErrors() {}

  static int guard(CommandSpec spec, boolean verbose, IntSupplier work) {
    try {
      return work.getAsInt();
    } catch (InputException e) {
      return report(spec, verbose, e, 2);
    } catch (WorkFailedException e) {
      return report(spec, verbose, e, 1);
    }
  }

  private static int report(CommandSpec spec, boolean verbose, RuntimeException e, int status) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(spec.name() + ": " + e.getMessage());
    if (verbose) {
      e.printStackTrace(err);
    }
    err.flush();
    return status;
  }
}
