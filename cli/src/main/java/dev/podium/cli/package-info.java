/**
 * The {@code podium} command. {@link dev.podium.cli.Main} runs it, {@code PodiumCommand} lists its
 * subcommands, one class each. A subcommand fails with a {@code CommandException}, and {@code
 * CommandFailures} prints it.
 */
package dev.podium.cli;
