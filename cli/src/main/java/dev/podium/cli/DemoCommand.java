package dev.podium.cli;

import dev.podium.cli.Catalogue.Film;
import dev.podium.cli.Catalogue.Viewer;
import dev.podium.client.Ranking;
import dev.podium.client.RankingClient;
import dev.podium.client.RankingRequest;
import dev.podium.client.ServerTiming;
import dev.podium.ranking.v1.Model;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Ranks the films of the catalogue for each of its viewers and prints the best. */
@Command(
    name = "demo",
    description = "Starts a server, ranks a film catalogue for a few viewers, and stops.")
final class DemoCommand implements Runnable {
  private static final String PREFIX = "movies-";
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  /** Rankings for each viewer before the clock runs: the first wait for the JVM's compiler. */
  private static final int WARM_UP = 8;

  /** Rankings of which the median time is shown. */
  private static final int TIMED = 5;

  /** Films that tell a viewer's taste at a glance. */
  private static final int LAST = 4;

  @Spec private CommandSpec spec;

  @Option(
      names = "--target",
      paramLabel = "TARGET",
      description = "Use the server at host:port or unix:/path instead of starting one.")
  private String target;

  @Option(
      names = "--models",
      paramLabel = "DIR",
      description = "The model repository. Default: models/repository beside this program.")
  private Path models;

  @Option(
      names = "--catalogue",
      paramLabel = "DIR",
      description =
          "Folder of films.jsonl and viewers.jsonl. Default: models/catalogue beside this program.")
  private Path catalogue;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = "deepfm,din",
      split = ",",
      description = "Models to rank with; pnn means movies-pnn. Default: ${DEFAULT-VALUE}.")
  private List<String> modelNames;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "5",
      description = "Films to show for each viewer. Default: ${DEFAULT-VALUE}.")
  private int topK;

  @Override
  public void run() {
    if (topK < 1) {
      throw CommandException.wrong("--top-k: " + topK + " (expected: 1 or more)");
    }
    Catalogue shown =
        Catalogue.read(Objects.requireNonNullElse(catalogue, Home.path("models/catalogue")));
    PrintWriter out = spec.commandLine().getOut();
    if (target != null) {
      rank(shown, target, out);
      return;
    }
    try (LocalServer server =
        LocalServer.start(Objects.requireNonNullElse(models, Home.path("models/repository")))) {
      out.println("Serving on " + server.target());
      rank(shown, server.target(), out);
    }
  }

  private void rank(Catalogue shown, String target, PrintWriter out) {
    try (RankingClient client = RankingClient.builder(target).defaultDeadline(DEADLINE).build()) {
      List<Model> signatures =
          modelNames.stream().map(name -> client.model(fullName(name))).toList();
      signatures.forEach(signature -> warmUp(signature, shown, client));
      for (Viewer viewer : shown.viewers()) {
        List<Film> candidates = unseen(viewer, shown);
        printViewer(viewer, shown, out);
        for (Model signature : signatures) {
          RankingRequest request = new MovieRequest(signature).build(viewer, candidates, topK);
          rank(request, candidates, client, out);
        }
      }
    }
  }

  private static void warmUp(Model signature, Catalogue shown, RankingClient client) {
    for (Viewer viewer : shown.viewers()) {
      RankingRequest request = new MovieRequest(signature).build(viewer, unseen(viewer, shown), 0);
      for (int i = 0; i < WARM_UP; i++) {
        client.rank(request);
      }
    }
  }

  private static List<Film> unseen(Viewer viewer, Catalogue shown) {
    Set<Long> seen = Set.copyOf(viewer.liked());
    return shown.films().values().stream().filter(film -> !seen.contains(film.id())).toList();
  }

  private static String fullName(String name) {
    return name.startsWith(PREFIX) ? name : PREFIX + name;
  }

  private static void rank(
      RankingRequest request, List<Film> candidates, RankingClient client, PrintWriter out) {
    long[] nanos = new long[TIMED];
    Ranking best = null;
    for (int i = 0; i < TIMED; i++) {
      long start = System.nanoTime();
      best = client.rank(request);
      nanos[i] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    printRanking(best, candidates, nanos[TIMED / 2], out);
  }

  private static void printViewer(Viewer viewer, Catalogue shown, PrintWriter out) {
    List<String> liked =
        viewer.liked().stream()
            .map(shown.films()::get)
            .filter(Objects::nonNull)
            .map(Film::title)
            .toList();
    List<String> last = liked.subList(Math.max(0, liked.size() - LAST), liked.size());
    out.println();
    out.println(viewer.name() + ": " + viewer.taste());
    out.println("liked " + liked.size() + " films, most lately " + String.join("; ", last));
  }

  private static void printRanking(
      Ranking best, List<Film> candidates, long nanos, PrintWriter out) {
    ServerTiming timing = best.timing();
    out.printf(
        Locale.ROOT,
        "%n  %s version %d: %d films in %s (median of %d; server: features %s, model %s in %d tiles)%n",
        best.model(),
        best.modelVersion(),
        candidates.size(),
        millis(nanos),
        TIMED,
        millis(timing.assembleMicros() * 1000),
        millis(timing.inferMicros() * 1000),
        timing.tiles());
    Table table = new Table().right("").left("title").right("year").left("genres").right("score");
    for (int i = 0; i < best.size(); i++) {
      Film film = candidates.get(best.candidateIndex(i));
      table.row(
          Integer.toString(i + 1),
          film.title(),
          Integer.toString(film.year()),
          String.join(", ", film.genres()),
          String.format(Locale.ROOT, "%.4f", best.score(i)));
    }
    table.print(out, "  ");
  }

  private static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
  }
}
