package dev.podium.server.repository.loader;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.util.JsonFormat;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.server.fault.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the requests that lie in a version folder: {@code warmup.jsonl}, or those of {@code
 * golden.jsonl}.
 */
final class WarmUpRequests {
  /** Warming up needs a few requests of each kind, not a whole test set. */
  private static final int MOST = 64;

  /** Training code writes missing values as Python does, NaN and Infinity. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private WarmUpRequests() {}

  /** At most a few dozen requests, in the file's order; none if the folder has neither file. */
  static List<RankRequest> read(Path folder) throws ModelException {
    Path warmUp = folder.resolve("warmup.jsonl");
    if (Files.exists(warmUp)) {
      return read(warmUp, false);
    }
    Path golden = folder.resolve("golden.jsonl");
    return Files.exists(golden) ? read(golden, true) : List.of();
  }

  private static List<RankRequest> read(Path file, boolean wrapped) throws ModelException {
    List<RankRequest> requests = new ArrayList<>();
    int line = 0;
    try (var lines = Files.newBufferedReader(file)) {
      for (String text = lines.readLine();
          text != null && requests.size() < MOST;
          text = lines.readLine()) {
        line++;
        if (text.isBlank()) {
          continue;
        }
        JsonNode node = JSON.readTree(text);
        JsonNode request = wrapped ? node.path("request") : node;
        RankRequest.Builder builder = RankRequest.newBuilder();
        JsonFormat.parser().merge(JSON.writeValueAsString(request), builder);
        requests.add(builder.build());
      }
    } catch (IOException e) {
      String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new ModelException(file + ":" + line + ": no request in JSON: " + reason, e);
    }
    return requests;
  }
}
