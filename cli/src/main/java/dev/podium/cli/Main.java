package dev.podium.cli;

import dev.podium.loadtest.BenchCommand;
import dev.podium.loadtest.LoadtestCommand;
import dev.podium.loadtest.arrivals.Durations;
import dev.podium.loadtest.fault.InputException;
import dev.podium.stress.StressCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/**
 * The {@code podium} command. Exit status: 0 done, 1 the work failed, 2 the command line or a file
 * is wrong.
 */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its status. */
  public static void main(String[] args) {
    int status = run(utf8(FileDescriptor.out), utf8(FileDescriptor.err), args);
    System.exit(status);
  }

  static int run(PrintWriter out, PrintWriter err, String... args) {
    int status =
        new CommandLine(new PodiumCommand())
            .addSubcommand(new LoadtestCommand())
            .addSubcommand(new BenchCommand(ownServe(), Home.path("models/bench")))
            .addSubcommand(new StressCommand(ownServe(), Home.path("models/bench")))
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .registerConverter(Duration.class, Main::duration)
            .setParameterExceptionHandler(CommandFailures::wrongCommandLine)
            .setExecutionExceptionHandler(CommandFailures::failed)
            .execute(args);
    out.flush();
    err.flush();
    return status;
  }

  private static Duration duration(String text) {
    try {
      return Duration.ofNanos(Durations.parseNanos("time", text));
    } catch (InputException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /** What starts a server in a process of its own: this JVM, its options, this program. */
  private static List<String> ownServe() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.add("serve");
    return command;
  }

  /** Titles are not ASCII, and JDK 17 would write them in the locale's character set. */
  private static PrintWriter utf8(FileDescriptor stream) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(stream), StandardCharsets.UTF_8), true);
  }
}
