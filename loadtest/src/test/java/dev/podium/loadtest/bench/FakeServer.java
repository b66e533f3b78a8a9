package dev.podium.loadtest.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.GetModelRequest;
import dev.podium.ranking.v1.Kind;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelServiceGrpc;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import dev.podium.ranking.v1.Role;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A server process for the bench: takes the command line of {@code podium serve} and answers
 * without scores.
 */
public final class FakeServer {
  private FakeServer() {}

  public static void main(String[] arguments) throws Exception {
    List<String> words = List.of(arguments);
    if (words.contains("--fail")) {
      System.exit(3);
    }
    Path models = Path.of(words.get(words.indexOf("--models") + 1));
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .addService(
                new ModelServiceGrpc.ModelServiceImplBase() {
                  @Override
                  public void getModel(GetModelRequest request, StreamObserver<Model> observer) {
                    observer.onNext(signature(models, request.getModel().getName()));
                    observer.onCompleted();
                  }
                })
            .addService(
                new RankingServiceGrpc.RankingServiceImplBase() {
                  @Override
                  public void rank(RankRequest request, StreamObserver<RankResponse> observer) {
                    observer.onNext(RankResponse.getDefaultInstance());
                    observer.onCompleted();
                  }
                })
            .build()
            .start();
    System.out.println("a line before");
    System.out.println("ready grpc=127.0.0.1:" + server.getPort() + " admin=127.0.0.1:0");
    server.awaitTermination();
  }

  static Model signature(Path models, String name) {
    JsonNode yaml;
    try {
      yaml =
          new YAMLMapper().readTree(Files.readString(models.resolve(name).resolve("model.yaml")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Model.Builder model =
        Model.newBuilder().setModel(ModelSpec.newBuilder().setName(name).setVersion(1));
    for (JsonNode feature : yaml.path("features")) {
      boolean dense = feature.path("kind").asText().equals("dense");
      boolean sequence = feature.path("kind").asText().equals("sequence");
      model.addFeatures(
          Feature.newBuilder()
              .setName(feature.path("name").asText())
              .setRole(
                  feature.path("role").asText().equals("context")
                      ? Role.ROLE_CONTEXT
                      : Role.ROLE_CANDIDATE)
              .setKind(
                  dense ? Kind.KIND_DENSE : sequence ? Kind.KIND_SEQUENCE : Kind.KIND_CATEGORICAL)
              .setWireType(dense ? DataType.DATA_TYPE_FLOAT32 : DataType.DATA_TYPE_INT64)
              .setWidth(1)
              .setLength(feature.path("length").asInt())
              .setVocabularySize(feature.path("vocabulary").path("size").asLong()));
    }
    return model.build();
  }
}
