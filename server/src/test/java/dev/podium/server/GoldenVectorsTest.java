package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.util.JsonFormat;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.OutputScores;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every model that lies in {@code models/} gives the scores that PyTorch gave, through a real
 * channel.
 */
class GoldenVectorsTest {
  private static final Path MODELS = Path.of("..", "models");
  private static final ObjectMapper JSON = new ObjectMapper();

  private static PodiumServer repository;
  private static PodiumServer bench;

  @BeforeAll
  static void start() throws Exception {
    bench = PodiumServer.start(ServerConfig.onFreePorts(MODELS.resolve("bench")));
    repository = PodiumServer.start(ServerConfig.onFreePorts(MODELS.resolve("repository")));
  }

  @AfterAll
  static void stop() {
    bench.close();
    repository.close();
  }

  static List<Path> models() throws IOException {
    try (Stream<Path> paths = Files.walk(MODELS, 4)) {
      return paths.filter(p -> p.endsWith("golden.jsonl")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void scoresEqualTheTrainingFrameworks(Path golden) throws Exception {
    Path model = golden.getParent().getParent();
    PodiumServer server = model.getParent().endsWith("bench") ? bench : repository;
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
    try {
      var stub = RankingServiceGrpc.newBlockingStub(channel);
      List<String> lines = Files.readAllLines(golden);
      assertThat(lines).isNotEmpty();
      for (String line : lines) {
        JsonNode node = JSON.readTree(line);
        RankRequest.Builder request = RankRequest.newBuilder();
        JsonFormat.parser().merge(node.get("request").toString(), request);
        request.setModel(ModelSpec.newBuilder().setName(model.getFileName().toString()));
        RankResponse response = stub.rank(request.build());
        assertThat(response.getOutputsCount()).isEqualTo(node.get("scores").size());
        for (OutputScores output : response.getOutputsList()) {
          JsonNode expected = node.get("scores").get(output.getName());
          assertThat(output.getScoresCount()).isEqualTo(expected.size());
          for (int i = 0; i < expected.size(); i++) {
            assertThat(output.getScores(i))
                .as("%s, output %s, candidate %d", golden, output.getName(), i)
                .isCloseTo(
                    (float) expected.get(i).asDouble(), org.assertj.core.data.Offset.offset(1e-5f));
          }
        }
      }
    } finally {
      channel.shutdownNow();
    }
  }
}
