package dev.podium.cli;

import dev.podium.client.RankingException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Reports a failure: one line on the error stream, and the stack trace only on request. */
final class CommandFailures {
  private CommandFailures() {}

  static int wrongCommandLine(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    PrintWriter err = command.getErr();
    err.println(name + ": " + oneLine(failure.getMessage()) + " (see: " + name + " --help)");
    return CommandException.WRONG_INPUT;
  }

  static int failed(Exception failure, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    err.println(command.getCommandSpec().qualifiedName() + ": " + oneLine(sentence(failure)));
    if (PodiumCommand.isVerbose(command)) {
      failure.printStackTrace(err);
    }
    return failure instanceof CommandException known
        ? known.status()
        : CommandException.WORK_FAILED;
  }

  private static String sentence(Exception failure) {
    boolean speaksForItself =
        failure instanceof CommandException || failure instanceof RankingException;
    return speaksForItself ? failure.getMessage() : failure.toString();
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
