package dev.podium.server.requestlog;

import dev.podium.server.requestlog.RequestEnd.Stages;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.Set;

/** Calls and requests for tests. */
final class Calls {
  static final String METHOD = "podium.ranking.v1.RankingService/Rank";
  static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  static final String PARENT = "b7ad6b7169203331";

  private Calls() {}

  static Metadata headers(String... namesAndValues) {
    Metadata headers = new Metadata();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.put(
          Metadata.Key.of(namesAndValues[i], Metadata.ASCII_STRING_MARSHALLER),
          namesAndValues[i + 1]);
    }
    return headers;
  }

  static Metadata from(String flags) {
    return headers("traceparent", "00-" + TRACE + "-" + PARENT + "-" + flags);
  }

  static CallWatch call(Metadata headers) {
    return new CallWatch(new RequestLog(Set.of(METHOD), null, null, () -> 0), METHOD, headers, 0);
  }

  /** Scored after a millisecond: 100 µs in the queue, 200 assembled, 600 run, 100 encoded. */
  static RequestEnd scored(long arrival) {
    return new RequestEnd(
        "r-1",
        "din",
        3,
        500,
        Status.Code.OK,
        null,
        arrival,
        arrival + 1_000_000,
        arrival + 5_000_000,
        new Stages(100, 200, 600, arrival + 900_000, 2, "whole"));
  }

  static RequestEnd failed(Status.Code code, String problem) {
    return new RequestEnd("", "din", 0, 500, code, problem, 0, 1_000_000, Long.MAX_VALUE, null);
  }
}
