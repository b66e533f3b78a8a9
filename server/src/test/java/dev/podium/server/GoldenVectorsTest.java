package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.util.JsonFormat;
import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.inference.ModelInferRequest;
import dev.podium.inference.ModelInferResponse;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.OutputScores;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import dev.podium.server.feature.assembly.AssemblyTally;
import dev.podium.server.feature.assembly.Datatypes;
import dev.podium.server.feature.assembly.FeatureAssembler;
import dev.podium.server.feature.assembly.RankBinding;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.feature.wire.RankMessage;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.manager.Lease;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

  /** The same requests as the tensors that the graph takes, over the Open Inference Protocol. */
  @ParameterizedTest
  @MethodSource("models")
  void scoresOfTensorsEqualTheTrainingFrameworks(Path golden) throws Exception {
    Path model = golden.getParent().getParent();
    String name = model.getFileName().toString();
    PodiumServer server = model.getParent().endsWith("bench") ? bench : repository;
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
    try (Lease lease = server.repository().route(name, 0, "", any -> true).primary()) {
      LoadedVersion version = lease.version();
      var stub = GRPCInferenceServiceGrpc.newBlockingStub(channel);
      for (String line : Files.readAllLines(golden)) {
        JsonNode node = JSON.readTree(line);
        RankRequest.Builder request = RankRequest.newBuilder();
        JsonFormat.parser().merge(node.get("request").toString(), request);
        int rows = request.getCandidates().getCount();
        ModelInferResponse response =
            stub.modelInfer(
                tensors(request.build(), version.signature()).setModelName(name).build());
        for (int o = 0; o < response.getOutputsCount(); o++) {
          JsonNode expected = node.get("scores").get(response.getOutputs(o).getName());
          assertThat(response.getRawOutputContents(o).size()).isEqualTo(4 * expected.size());
          ByteBuffer scores =
              response
                  .getRawOutputContents(o)
                  .asReadOnlyByteBuffer()
                  .order(ByteOrder.LITTLE_ENDIAN);
          for (int i = 0; i < expected.size(); i++) {
            assertThat(scores.getFloat(4 * i))
                .as("%s, candidate %d of %d", golden, i, rows)
                .isCloseTo(
                    (float) expected.get(i).asDouble(), org.assertj.core.data.Offset.offset(1e-5f));
          }
        }
      }
    } finally {
      channel.shutdownNow();
    }
  }

  private static ModelInferRequest.Builder tensors(RankRequest request, Signature signature)
      throws Exception {
    byte[] bytes = request.toByteArray();
    RankMessage wire = RankMessage.parse(bytes, bytes.length);
    TensorBuffers buffers = new TensorBuffers(signature.inputs(), wire.rows());
    RankBinding.of(wire, signature)
        .fill(new FeatureAssembler(signature), null, buffers, 0, new AssemblyTally(signature));
    ModelInferRequest.Builder tensors = ModelInferRequest.newBuilder();
    for (int i = 0; i < signature.inputs().size(); i++) {
      TensorSpec spec = signature.inputs().get(i);
      var input =
          tensors
              .addInputsBuilder()
              .setName(spec.name())
              .setDatatype(Datatypes.of(spec.type()).name());
      for (long size : spec.shape(wire.rows())) {
        input.addShape(size);
      }
      tensors.addRawInputContents(ByteString.copyFrom(buffers.numbers(i).duplicate()));
    }
    return tensors;
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
