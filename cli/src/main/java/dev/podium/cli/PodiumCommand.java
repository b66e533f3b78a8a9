package dev.podium.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The root command, and the list of all subcommands: add a new one here. */
@Command(
    name = "podium",
    description = "A low-latency ranking server for ONNX click-through models.",
    subcommands = {DemoCommand.class, ServeCommand.class, RankCommand.class, InspectCommand.class},
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = PodiumCommand.Version.class,
    synopsisSubcommandLabel = "COMMAND")
final class PodiumCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Print stack traces with errors.")
  private boolean verbose;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command");
  }

  /** Whether the command line, of which {@code any} is a command, asks for stack traces. */
  static boolean isVerbose(CommandLine any) {
    return ((PodiumCommand) any.getCommandSpec().root().userObject()).verbose;
  }

  /** The version in the jar's manifest. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = PodiumCommand.class.getPackage().getImplementationVersion();
      return new String[] {"podium " + (version == null ? "(not packaged)" : version)};
    }
  }
}
