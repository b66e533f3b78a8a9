package dev.podium.stress;

import dev.podium.loadtest.bench.WholeRequests;
import dev.podium.loadtest.report.Reports;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Starts the servers of a program, and ends them. For one thread; {@link #close} ends those that
 * still run.
 */
final class Rig implements AutoCloseable {
  private final Options options;
  private final PrintWriter progress;
  private final List<AutoCloseable> owned = new ArrayList<>();

  /**
   * What a program is asked for.
   *
   * @param models a repository that has the models {@code deepfm} and {@code din}
   * @param serve what starts a server, up to its options
   * @param quick whether to take so little time that the figures mean nothing
   */
  record Options(Path models, List<String> serve, boolean quick, long seed) {}

  /** A rig without servers. */
  Rig(Options options, PrintWriter progress) {
    this.options = options;
    this.progress = progress;
  }

  Path models() {
    return options.models();
  }

  long seed() {
    return options.seed();
  }

  /** A length of time: the first one, or the second if this run is only to show that it runs. */
  long seconds(double full, double quick) {
    return (long) ((options.quick() ? quick : full) * 1e9);
  }

  /** A number of things, in the same way. */
  int count(int full, int quick) {
    return options.quick() ? quick : full;
  }

  boolean quick() {
    return options.quick();
  }

  /**
   * Starts a server, which ends with this rig or before.
   *
   * @param settings such as {@code scheduler.workers=1}
   */
  Subject start(String name, Path models, String... settings) {
    List<String> command = new ArrayList<>(options.serve());
    command.addAll(List.of("--models", models.toString(), "--port", "0", "--admin-port", "0"));
    for (String setting : settings) {
      command.addAll(List.of("--set", setting));
    }
    say("starting %s%n", name);
    Subject subject = Subject.start(command);
    owned.add(subject);
    return subject;
  }

  /** A repository of its own that holds a copy of one model, whose requests are never cut. */
  Path whole(String model) {
    WholeRequests copy = WholeRequests.copy(options.models(), List.of(model));
    owned.add(copy);
    return copy.folder();
  }

  void say(String format, Object... arguments) {
    progress.printf(Locale.ROOT, format, arguments);
    progress.flush();
  }

  /** A report in this rig's name: says so where its figures mean nothing. */
  StressReport report(
      String program,
      List<String> columns,
      List<List<Object>> rows,
      List<String> notes,
      List<Criterion> criteria) {
    List<String> all = new ArrayList<>(notes);
    if (options.quick()) {
      all.add(0, "--quick: too short for the figures to mean anything");
    }
    return new StressReport(program, columns, rows, all, criteria, Reports.machine());
  }

  @Override
  public void close() {
    for (int i = owned.size() - 1; i >= 0; i--) {
      try {
        owned.get(i).close();
      } catch (Exception e) {
        say("%s: %s%n", owned.get(i).getClass().getSimpleName(), e.getMessage());
      }
    }
    owned.clear();
  }
}
