package dev.podium.loadtest;

import java.io.PrintWriter;
import java.util.function.IntSupplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Turns failures into one line and an exit status. */
final class CommandErrors {
  private CommandErrors() {}

  static int guard(CommandSpec spec, IntSupplier work) {
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
