package dev.podium.loadtest;

import com.google.protobuf.ByteString;
import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.inference.ModelInferRequest;
import dev.podium.inference.ModelInferResponse;
import dev.podium.inference.ModelMetadataRequest;
import dev.podium.inference.ModelMetadataResponse;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.GetModelRequest;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelServiceGrpc;
import dev.podium.ranking.v1.OutputScores;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server over real connections that scores a candidate with its item id divided by 1000, by both
 * protocols. It has no delays: what needs time is tested on a virtual clock.
 */
public final class FakeRanker implements AutoCloseable {
  private final EventLoopGroup eventLoops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Server server;
  private final Model signature;
  final AtomicInteger ranked = new AtomicInteger();
  final AtomicInteger inferred = new AtomicInteger();

  /** Requests after this many fail. */
  volatile int failAfter = Integer.MAX_VALUE;

  /** How they fail. */
  volatile Status failure = Status.RESOURCE_EXHAUSTED.withDescription("queue full");

  /** Added to the scores of the Open Inference Protocol. */
  volatile float skew;

  private FakeRanker(
      Model signature,
      SocketAddress address,
      Class<? extends io.netty.channel.ServerChannel> type,
      File certificate,
      File key)
      throws IOException {
    this.signature = signature;
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address)
            .channelType(type)
            .bossEventLoopGroup(eventLoops)
            .workerEventLoopGroup(eventLoops)
            .directExecutor()
            .addService(new Models())
            .addService(new Ranking())
            .addService(new Inference());
    if (certificate != null) {
      builder.useTransportSecurity(certificate, key);
    }
    this.server = builder.build().start();
  }

  public static FakeRanker start(Model signature) throws IOException {
    return new FakeRanker(
        signature,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        NioServerSocketChannel.class,
        null,
        null);
  }

  static FakeRanker startUnix(Model signature, Path socket) throws IOException {
    return new FakeRanker(
        signature,
        UnixDomainSocketAddress.of(socket),
        NioServerDomainSocketChannel.class,
        null,
        null);
  }

  static FakeRanker startTls(Model signature, File certificate, File key) throws IOException {
    return new FakeRanker(
        signature,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        NioServerSocketChannel.class,
        certificate,
        key);
  }

  public String target() {
    return "127.0.0.1:" + server.getPort();
  }

  void stopNow() {
    server.shutdownNow();
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    var unused = eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private final class Models extends ModelServiceGrpc.ModelServiceImplBase {
    @Override
    public void getModel(GetModelRequest request, StreamObserver<Model> observer) {
      if (!request.getModel().getName().equals(TestModels.NAME.getName())) {
        observer.onError(
            Status.NOT_FOUND
                .withDescription("model '" + request.getModel().getName() + "' (known: films)")
                .asRuntimeException());
        return;
      }
      observer.onNext(signature);
      observer.onCompleted();
    }
  }

  private final class Ranking extends RankingServiceGrpc.RankingServiceImplBase {
    @Override
    public void rank(RankRequest request, StreamObserver<RankResponse> observer) {
      if (ranked.incrementAndGet() > failAfter) {
        observer.onError(failure.asRuntimeException());
        return;
      }
      OutputScores.Builder scores = OutputScores.newBuilder().setName("ctr").setWidth(1);
      for (FeatureColumn column : request.getCandidates().getColumnsList()) {
        if (column.getName().equals("item_id")) {
          column.getInt64Values().getValuesList().forEach(id -> scores.addScores(id / 1000f));
        }
      }
      observer.onNext(RankResponse.newBuilder().addOutputs(scores).build());
      observer.onCompleted();
    }
  }

  private final class Inference extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {
    @Override
    public void modelMetadata(
        ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
      observer.onNext(filmsMetadata());
      observer.onCompleted();
    }

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
      if (inferred.incrementAndGet() > failAfter) {
        observer.onError(failure.asRuntimeException());
        return;
      }
      int input = 0;
      while (!request.getInputs(input).getName().equals("item_id")) {
        input++;
      }
      ByteBuffer ids =
          request.getRawInputContents(input).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      int rows = (int) request.getInputs(input).getShape(0);
      ByteBuffer scores = ByteBuffer.allocate(rows * 4).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < rows; i++) {
        scores.putFloat(ids.getLong() / 1000f + skew);
      }
      observer.onNext(
          ModelInferResponse.newBuilder()
              .addOutputs(
                  ModelInferResponse.InferOutputTensor.newBuilder()
                      .setName("ctr")
                      .setDatatype("FP32")
                      .addShape(rows))
              .addRawOutputContents(ByteString.copyFrom(scores.flip()))
              .build());
      observer.onCompleted();
    }
  }

  /** The tensors of {@link TestModels#films()}. */
  public static ModelMetadataResponse filmsMetadata() {
    return ModelMetadataResponse.newBuilder()
        .setName("films")
        .addInputs(tensor("user_id", "INT64", -1))
        .addInputs(tensor("age", "INT32", -1))
        .addInputs(tensor("history", "INT64", -1, 4))
        .addInputs(tensor("item_id", "INT64", -1, 1))
        .addInputs(tensor("price", "FP32", -1, 2))
        .addOutputs(tensor("ctr", "FP32", -1))
        .build();
  }

  /** One tensor. */
  public static ModelMetadataResponse.TensorMetadata tensor(
      String name, String datatype, long... shape) {
    ModelMetadataResponse.TensorMetadata.Builder tensor =
        ModelMetadataResponse.TensorMetadata.newBuilder().setName(name).setDatatype(datatype);
    for (long dimension : shape) {
      tensor.addShape(dimension);
    }
    return tensor.build();
  }
}
