package dev.podium.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.podium.client.Ranking;
import dev.podium.client.RankingClient;
import dev.podium.client.RankingRequest;
import dev.podium.client.ServerTiming;
import dev.podium.ranking.v1.CandidateIds;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Ranks the candidates of one request file. */
@Command(name = "rank", description = "Ranks the candidates of one request.")
final class RankCommand implements Runnable {
  enum Output {
    TABLE,
    JSON
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--target",
      required = true,
      paramLabel = "TARGET",
      description = "The server: host:port or unix:/path.")
  private String target;

  @Option(
      names = "--request",
      required = true,
      paramLabel = "FILE",
      description = "A RankRequest in protobuf's JSON form; - reads standard input.")
  private String request;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "The model to rank with, its newest version. Default: the request's.")
  private String model;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description =
          "Return the best K candidates; 0 returns all in request order. Default: the request's.")
  private Integer topK;

  @Option(
      names = "--output",
      paramLabel = "FORM",
      defaultValue = "table",
      description = "table or json (a RankResponse in protobuf's JSON form). Default: table.")
  private Output output;

  @Option(
      names = "--deadline",
      paramLabel = "TIME",
      defaultValue = "10s",
      description = "Time until the scores must be here, such as 50ms or 2s. Default: 10s.")
  private Duration deadline;

  @Override
  public void run() {
    if (deadline.isZero()) {
      throw CommandException.wrong("--deadline: 0 (expected: more than zero)");
    }
    RankRequest message = message();
    Ranking ranking;
    // Never split: this command shows what the server says to the request as it is.
    try (RankingClient client =
        RankingClient.builder(target).maxCandidatesPerCall(Integer.MAX_VALUE).build()) {
      ranking = client.rank(RankingRequest.of(message), deadline);
    }
    PrintWriter out = spec.commandLine().getOut();
    switch (output) {
      case TABLE -> printTable(message, ranking, out);
      case JSON -> out.println(json(ranking));
    }
  }

  private RankRequest message() {
    RankRequest.Builder message = RequestFile.read(request, System.in).toBuilder();
    if (model != null) {
      message.setModel(ModelSpec.newBuilder().setName(model));
    }
    if (topK != null) {
      if (topK < 0) {
        throw CommandException.wrong("--top-k: " + topK + " (expected: 0 or more)");
      }
      message.setTopK(topK);
    }
    return message.build();
  }

  private static String json(Ranking ranking) {
    try {
      return JsonFormat.printer().print(ranking.message());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e); // only messages of type Any can fail, and there are none
    }
  }

  private static void printTable(RankRequest request, Ranking ranking, PrintWriter out) {
    CandidateIds ids = request.getCandidates().getIds();
    boolean hasIds = ids.getIdsCase() != CandidateIds.IdsCase.IDS_NOT_SET;
    List<String> outputs = ranking.outputs();
    Table table = new Table().right("rank").right("candidate");
    if (hasIds) {
      table.left("id");
    }
    outputs.forEach(table::right);
    List<float[]> scores = outputs.stream().map(ranking::scores).toList();
    for (int i = 0; i < ranking.size(); i++) {
      List<String> row = new ArrayList<>();
      row.add(request.getTopK() == 0 ? "-" : Integer.toString(i + 1));
      row.add(Integer.toString(ranking.candidateIndex(i)));
      if (hasIds) {
        row.add(ids.hasInt64Ids() ? Long.toString(ranking.id(i)) : ranking.textId(i));
      }
      for (int o = 0; o < outputs.size(); o++) {
        row.add(scores(scores.get(o), i, ranking.width(outputs.get(o))));
      }
      table.row(row.toArray(String[]::new));
    }
    table.print(out, "");
    ServerTiming timing = ranking.timing();
    out.printf(
        Locale.ROOT,
        "%s version %d, %d candidates in %d tiles: queue %d us, assemble %d us, infer %d us%n",
        ranking.model(),
        ranking.modelVersion(),
        request.getCandidates().getCount(),
        timing.tiles(),
        timing.queueMicros(),
        timing.assembleMicros(),
        timing.inferMicros());
    ranking.warnings().forEach(warning -> out.println("warning: " + warning));
  }

  private static String scores(float[] scores, int row, int width) {
    StringBuilder cell = new StringBuilder();
    for (int column = 0; column < width; column++) {
      cell.append(column == 0 ? "" : " ");
      cell.append(String.format(Locale.ROOT, "%.6f", scores[row * width + column]));
    }
    return cell.toString();
  }
}
