/**
 * The {@code podium} command. {@link dev.podium.cli.Main} runs it, {@code PodiumCommand} lists its
 * subcommands, one class each; {@code CommandException} is how one of them fails, {@code Failures}
 * how that is told.
 */
package dev.podium.cli;
