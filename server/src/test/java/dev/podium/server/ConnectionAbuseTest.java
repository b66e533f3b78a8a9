package dev.podium.server;

import static dev.podium.server.RawHttp2.CONTINUATION;
import static dev.podium.server.RawHttp2.DATA;
import static dev.podium.server.RawHttp2.END_HEADERS;
import static dev.podium.server.RawHttp2.END_STREAM;
import static dev.podium.server.RawHttp2.GO_AWAY;
import static dev.podium.server.RawHttp2.HEADERS;
import static dev.podium.server.RawHttp2.PING;
import static dev.podium.server.RawHttp2.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What broken and hostile clients do to the gRPC port. Meanwhile and afterwards the server answers
 * others, and in the end holds nothing of it.
 */
@Timeout(120)
class ConnectionAbuseTest {
  private static final String RANK = "podium.ranking.v1.RankingService/Rank";
  private static final String STREAM = "podium.ranking.v1.RankingService/RankStream";
  private static final int BOUND = 8 << 20;
  private static final int MESSAGE = 4 << 20;
  private static final int FRAME = 16_384;
  private static final int WINDOW = 8 << 20;

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir static Path folder;

  private static PodiumServer server;
  private static PodiumServer secure;

  /** Asks silent clients after a moment whether they are there. */
  private static PodiumServer watchful;

  private static ManagedChannel channel;

  @BeforeAll
  static void start() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.sum(models, "sum");
    TestKeys keys = new TestKeys(folder, "ca");
    keys.sign("server", "localhost");
    server = PodiumServer.start(TestConfigs.of(models, settings()));
    watchful =
        PodiumServer.start(
            TestConfigs.of(models, "grpc.max_silence", "300ms", "grpc.max_transfer", "600ms"));
    List<String> tls =
        new ArrayList<>(
            List.of(
                "tls.certificate",
                keys.crt("server").toString(),
                "tls.key",
                keys.key("server").toString()));
    tls.addAll(List.of(settings()));
    secure = PodiumServer.start(TestConfigs.of(models, tls.toArray(String[]::new)));
    channel = NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
  }

  private static String[] settings() {
    return new String[] {
      "admission.max_bytes", Integer.toString(BOUND),
      "grpc.max_message", Integer.toString(MESSAGE),
      "grpc.window", Integer.toString(WINDOW),
      "grpc.max_transfer", "1500ms",
      "grpc.max_connections", "100",
      "grpc.max_resets", "20",
      "admin.port", "0"
    };
  }

  @AfterAll
  static void stop() throws Exception {
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    assertThat(server.stop(Duration.ofSeconds(5))).isTrue();
    assertThat(watchful.stop(Duration.ofSeconds(5))).isTrue();
    assertThat(secure.stop(Duration.ofSeconds(5))).isTrue();
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    serves();
    await(() -> metric("podium_admission_bytes") == 0);
    await(() -> openCalls(server) == 0);
  }

  @Test
  void messagesThatNeverEndAreCountedBoundedAndEnded() throws Exception {
    List<RawHttp2> clients = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      RawHttp2 client = new RawHttp2(server.grpcAddress()).hello(WINDOW);
      client.call(1, RANK);
      client.frame(DATA, 0, 1, RawHttp2.prefix(false, MESSAGE));
      clients.add(client);
    }
    // All but the last bytes of each, a frame of each in turn.
    long most = 0;
    long refusedBefore = refusedForBytes();
    boolean full = false;
    byte[] piece = new byte[FRAME];
    for (int sent = 0; sent < MESSAGE - 2 * FRAME && !full; sent += FRAME) {
      for (RawHttp2 client : clients) {
        client.frame(DATA, 0, 1, piece);
      }
      if (sent % (32 * FRAME) == 0) {
        most = Math.max(most, metric("podium_admission_bytes"));
        full = refusedForBytes() > refusedBefore;
      }
    }
    assertThat(full).as("some were refused").isTrue();
    assertThat(most).isBetween(BOUND / 2L, BOUND + (1L << 20));
    serves();
    List<String> ends = new ArrayList<>();
    for (RawHttp2 client : clients) {
      ends.add(client.end(1));
      client.close();
    }
    // Those that had room were ended for their slowness, the others for the lack of it.
    assertThat(ends)
        .anyMatch(end -> end.equals("8: requests in flight: more than " + BOUND + " bytes"));
    assertThat(ends).anyMatch(end -> end.startsWith("4: request: not whole after 1500 ms"));
    assertThat(ends).allMatch(end -> end.startsWith("8: ") || end.startsWith("4: "));
  }

  @Test
  void wholeMessagesThatAreNeverHalfClosedAreCountedAndEnded() throws Exception {
    try (RawHttp2 client = new RawHttp2(server.grpcAddress()).hello(WINDOW)) {
      client.call(1, RANK);
      send(client, 1, RawHttp2.message(false, new byte[MESSAGE]));
      await(() -> metric("podium_admission_bytes") >= MESSAGE);
      assertThat(client.end(1)).startsWith("4: request: not whole after 1500 ms");
    }
  }

  @Test
  void aStreamMayWaitButItsMessagesMayNot() throws Exception {
    try (RawHttp2 client = new RawHttp2(server.grpcAddress()).hello(WINDOW)) {
      client.call(1, STREAM);
      client.call(3, STREAM);
      client.frame(DATA, 0, 3, RawHttp2.prefix(false, 1000));
      client.frame(DATA, 0, 3, new byte[10]);
      assertThat(client.end(3)).startsWith("4: request: not whole after 1500 ms");
      // The other stream has waited as long, and is there.
      client.frame(DATA, END_STREAM, 1, RawHttp2.message(false, request()));
      assertThat(client.end(1)).isEqualTo("0");
    }
  }

  @Test
  void aClientThatTakesNoAnswersIsCutOff() throws Exception {
    try (RawHttp2 client = new RawHttp2(server.grpcAddress()).hello(0)) {
      client.call(1, RANK);
      client.frame(DATA, END_STREAM, 1, RawHttp2.message(false, request()));
      client.call(3, STREAM);
      byte[] message = RawHttp2.message(false, request());
      ByteArrayOutputStream many = new ByteArrayOutputStream();
      for (int i = 0; i < 1000; i++) {
        many.writeBytes(message);
      }
      send(client, 3, many.toByteArray());
      await(() -> metric("podium_admission_bytes") > 0);
      assertThat(client.end(1)).isEqualTo("RST 8");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void headersThatNeverEndCloseTheConnection(boolean preface) throws Exception {
    PodiumServer target = preface ? watchful : server;
    try (RawHttp2 client = new RawHttp2(target.grpcAddress())) {
      if (preface) {
        client.hello(WINDOW);
        client.frame(HEADERS, 0, 1, client.headerBlock(RANK));
      } else {
        client.raw(Arrays.copyOf(RawHttp2.PREFACE, 10));
      }
      client.awaitClose();
    }
  }

  @Test
  void headersAreBounded() throws Exception {
    try (RawHttp2 client = new RawHttp2(server.grpcAddress()).hello(WINDOW)) {
      client.frame(HEADERS, 0, 1, client.headerBlock(RANK));
      byte[] junk = new byte[FRAME];
      Arrays.fill(junk, (byte) 0x82); // ":method: GET", again and again
      assertThat(
              closes(
                  client,
                  () -> {
                    for (int i = 0; i < 1000; i++) {
                      client.frame(CONTINUATION, 0, 1, junk);
                    }
                  }))
          .isTrue();
    }
    try (RawHttp2 client = new RawHttp2(server.grpcAddress()).hello(WINDOW)) {
      byte[] block = client.headerBlock(RANK, "x-large", "v".repeat(40_000));
      client.frame(HEADERS, 0, 1, Arrays.copyOf(block, FRAME));
      int at = FRAME;
      for (; at + FRAME < block.length; at += FRAME) {
        client.frame(CONTINUATION, 0, 1, Arrays.copyOfRange(block, at, at + FRAME));
      }
      client.frame(CONTINUATION, END_HEADERS, 1, Arrays.copyOfRange(block, at, block.length));
      assertThat(client.end(1)).isNotEqualTo("0");
    }
  }

  @Test
  void rapidResetsEndTheConnection() throws Exception {
    try (RawHttp2 client = new RawHttp2(server.grpcAddress()).hello(WINDOW)) {
      byte[] message = RawHttp2.message(false, request());
      assertThat(
              closes(
                  client,
                  () -> {
                    for (int stream = 1; stream < 20_000; stream += 2) {
                      client.call(stream, RANK);
                      client.frame(DATA, END_STREAM, stream, message);
                      client.frame(RST_STREAM, 0, stream, new byte[] {0, 0, 0, 8});
                    }
                  }))
          .isTrue();
    }
  }

  @Test
  void anotherProtocolIsTurnedAway() throws Exception {
    try (Socket socket = new Socket()) {
      socket.connect(server.grpcAddress());
      socket.setSoTimeout(30_000);
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      readToEnd(socket.getInputStream());
    }
    byte[] garbage = new byte[2_000];
    new Random(7).nextBytes(garbage);
    for (PodiumServer target : List.of(server, secure)) {
      try (Socket socket = new Socket()) {
        socket.connect(target.grpcAddress());
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(garbage);
        readToEnd(socket.getInputStream());
      }
    }
  }

  @Test
  void aHandshakeThatStopsHalfwayIsClosed() throws Exception {
    // The head of a ClientHello whose rest never comes.
    byte[] half = {22, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3};
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Socket socket = new Socket();
      socket.connect(secure.grpcAddress());
      socket.setSoTimeout(30_000);
      socket.getOutputStream().write(i % 2 == 0 ? half : new byte[0]);
      sockets.add(socket);
    }
    for (Socket socket : sockets) {
      readToEnd(socket.getInputStream());
      socket.close();
    }
  }

  @Test
  void aClientThatIsGoneWithoutAWordIsFound() throws Exception {
    try (RawHttp2 client = new RawHttp2(watchful.grpcAddress()).hello(WINDOW)) {
      client.call(1, STREAM);
      assertThat(client.read(PING)).isNotNull();
      assertThat(client.read(GO_AWAY)).isNotNull();
      await(() -> openCalls(watchful) == 0);
    }
  }

  @Test
  void idleConnectionsAreBoundedInNumber() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 300; i++) {
        Socket socket = new Socket();
        socket.connect(server.grpcAddress());
        socket.setSoTimeout(30_000);
        sockets.add(socket);
      }
      serves(); // over a connection that was there before
      // Those above the number at once, the others when they have said nothing for a while.
      for (Socket socket : sockets) {
        readToEnd(socket.getInputStream());
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "RANK, malformed, '3: request: can''t be read: Not in GZIP format'",
    "RANK, truncated, '3: request: can''t be read: Unexpected end'",
    "RANK, corrupt, '3: request: can''t be read:'",
    "RANK, oversized, '8: '",
    "LIST, malformed, '3: request: can''t be read: Not in GZIP format'",
    "LIST, oversized, '8: '",
    "LIST, garbage, '3: request: can''t be read:'",
  })
  void messagesThatCantBeReadAreTheCallersFault(String method, String kind, String end)
      throws Exception {
    byte[] whole = gzip(request());
    byte[] sent =
        switch (kind) {
          case "malformed" -> new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
          case "truncated" -> Arrays.copyOf(whole, whole.length - 12);
          case "corrupt" -> {
            byte[] bytes = whole.clone();
            bytes[bytes.length - 6] ^= 1; // of the checksum
            yield bytes;
          }
          case "oversized" -> gzip(unknownField(MESSAGE + 1));
          default -> gzip(new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff});
        };
    String name = method.equals("RANK") ? RANK : "podium.ranking.v1.ModelService/ListModels";
    try (RawHttp2 client = new RawHttp2(server.grpcAddress()).hello(WINDOW)) {
      client.call(1, name, "grpc-encoding", "gzip");
      client.frame(DATA, END_STREAM, 1, RawHttp2.message(true, sent));
      assertThat(client.end(1)).startsWith(end);
      // The connection is as good as before.
      client.call(3, RANK);
      client.frame(DATA, END_STREAM, 3, RawHttp2.message(false, request()));
      assertThat(client.end(3)).isEqualTo("0");
    }
  }

  private interface Sending {
    void run() throws IOException;
  }

  /** Whether the server closes the connection while a client sends, or soon after. */
  private static boolean closes(RawHttp2 client, Sending sending) throws IOException {
    try {
      sending.run();
    } catch (IOException e) {
      return true;
    }
    client.awaitClose();
    return true;
  }

  private static void readToEnd(InputStream in) throws IOException {
    try {
      in.readAllBytes();
    } catch (java.net.SocketException e) {
      // Closed all the same.
    }
  }

  /** Sends bytes in frames, as far as the window goes at once. */
  private static void send(RawHttp2 client, int stream, byte[] bytes) throws IOException {
    for (int at = 0; at < bytes.length; at += FRAME) {
      client.frame(
          DATA, 0, stream, Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + FRAME)));
    }
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
      out.write(bytes);
    }
    return compressed.toByteArray();
  }

  /** A message of one field that nobody knows. */
  private static byte[] unknownField(int length) {
    return UnknownFieldSet.newBuilder()
        .addField(
            1_000,
            UnknownFieldSet.Field.newBuilder()
                .addLengthDelimited(ByteString.copyFrom(new byte[length]))
                .build())
        .build()
        .toByteArray();
  }

  private static byte[] request() {
    return RankRequest.newBuilder()
        .setModel(ModelSpec.newBuilder().setName("sum"))
        .setCandidates(TestModels.oneCandidate(1, 1))
        .build()
        .toByteArray();
  }

  /** A good client is answered. */
  private static void serves() throws Exception {
    await(
        () -> {
          try {
            return RankingServiceGrpc.newBlockingStub(channel)
                    .withWaitForReady()
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .rank(RankRequest.parseFrom(request()))
                    .getModel()
                    .getVersion()
                == 1;
          } catch (io.grpc.StatusRuntimeException e) {
            // For as long as others hold the memory.
            assertThat(e.getStatus().getCode()).isEqualTo(io.grpc.Status.Code.RESOURCE_EXHAUSTED);
            return false;
          }
        });
  }

  private static long metric(String name) throws Exception {
    return page(server)
        .lines()
        .filter(line -> line.startsWith(name + ' '))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(name.length() + 1)))
        .sum();
  }

  private static long openCalls(PodiumServer of) throws Exception {
    return page(of)
        .lines()
        .filter(line -> line.startsWith("podium_grpc_open_calls{"))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf('}') + 2)))
        .sum();
  }

  private static long refusedForBytes() throws Exception {
    return metric("podium_admission_refused_total{reason=\"bytes\"}");
  }

  private static String page(PodiumServer of) throws Exception {
    return HTTP.send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + of.adminAddress().getPort() + "/metrics"))
                .build(),
            BodyHandlers.ofString())
        .body();
  }

  /** Looks again and again, as there is no event to wait for. */
  private static void await(Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("still waiting after 30 s").isLessThan(end);
      LockSupport.parkNanos(1_000_000);
    }
  }
}
