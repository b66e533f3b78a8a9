package dev.podium.loadtest;

import dev.podium.loadtest.fault.InputException;
import dev.podium.loadtest.workload.Sizes;
import dev.podium.loadtest.workload.WorkloadSpec;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Options of the requests, for picocli. */
final class WorkloadOptions {
  @Option(
      names = "--candidates",
      paramLabel = "SIZES",
      defaultValue = "100",
      description =
          "Candidates of a request: 500, uniform:10..1000, lognormal:MEDIAN,SIGMA[,MAX] or list:10,100. Default:"
              + " ${DEFAULT-VALUE}.")
  String candidates;

  @Option(
      names = "--history",
      paramLabel = "SIZES",
      description =
          "Values of a sequence, in the same forms. Default: uniform from 1 to what the graph sees.")
  String history;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description = "Equal seeds give equal requests and arrivals. Default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(
      names = "--skew",
      paramLabel = "S",
      defaultValue = "1.0",
      description =
          "Zipf exponent of users, items and their features; 0 is uniform. Default: ${DEFAULT-VALUE}.")
  double skew;

  @Option(
      names = "--users",
      paramLabel = "N",
      defaultValue = "0",
      description = "Different users. Default: as many as the largest context vocabulary.")
  long users;

  @Option(
      names = "--items",
      paramLabel = "N",
      defaultValue = "0",
      description = "Different items. Default: as many as the largest candidate vocabulary.")
  long items;

  @Option(
      names = "--vocabulary",
      paramLabel = "FEATURE=N",
      description =
          "Ids to draw a feature from, where the signature does not say. May be repeated.")
  Map<String, Long> vocabularies = new LinkedHashMap<>();

  WorkloadSpec spec() {
    if (!(skew >= 0 && skew <= 10)) {
      throw new InputException("skew: " + skew + " (expected: 0 to 10)");
    }
    if (users < 0 || items < 0) {
      throw new InputException("users: " + users + ", items: " + items + " (expected: at least 0)");
    }
    vocabularies.forEach(
        (feature, size) -> {
          if (size < 1) {
            throw new InputException(
                "vocabulary: " + feature + "=" + size + " (expected: at least 1)");
          }
        });
    return new WorkloadSpec(
        seed,
        skew,
        users,
        items,
        Sizes.parse("candidates", candidates, 1),
        history == null ? null : Sizes.parse("history", history, 0),
        vocabularies);
  }
}
