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
 * Reads the requests that lie in a version folder: {@code warmup.jsonl}, and {@code golden.jsonl}
 * with the scores that the training framework gave.
 */
final class WarmUpRequests {
  private static final String WARM_UP = "warmup.jsonl";

  /** Warming up needs a few requests of each kind, not a whole test set. */
  private static final int MOST = 64;

  /** Training code writes missing values as Python does, NaN and Infinity. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private WarmUpRequests() {}

  /**
   * A request with its scores.
   *
   * @param line its line in the file, from 1
   * @param scores by output, as the file has them; missing if the file has none
   */
  record Golden(int line, RankRequest request, JsonNode scores) {}

  /** At most a few dozen requests, in the file's order; none if the folder has neither file. */
  static List<RankRequest> read(Path folder) throws ModelException {
    return read(folder, Files.exists(folder.resolve(WARM_UP)) ? List.of() : golden(folder));
  }

  /**
   * The same, of a folder whose golden vectors were read.
   *
   * @param golden what {@link #golden} gave
   */
  static List<RankRequest> read(Path folder, List<Golden> golden) throws ModelException {
    Path warmUp = folder.resolve(WARM_UP);
    List<Golden> requests = Files.exists(warmUp) ? read(warmUp, false) : golden;
    return requests.stream().map(Golden::request).toList();
  }

  /** At most a few dozen requests with their scores; none if the folder has no such file. */
  static List<Golden> golden(Path folder) throws ModelException {
    Path file = folder.resolve("golden.jsonl");
    return Files.exists(file) ? read(file, true) : List.of();
  }

  private static List<Golden> read(Path file, boolean wrapped) throws ModelException {
    List<Golden> requests = new ArrayList<>();
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
        requests.add(new Golden(line, builder.build(), node.path("scores")));
      }
    } catch (IOException e) {
      String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new ModelException(file + ":" + line + ": no request in JSON: " + reason, e);
    }
    return requests;
  }
}
