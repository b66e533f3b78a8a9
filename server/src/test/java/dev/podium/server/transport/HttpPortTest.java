package dev.podium.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What broken and hostile clients do to the HTTP port, and that probes are answered meanwhile. */
@Timeout(120)
class HttpPortTest {
  private static final int CONNECTIONS = 8;
  private static final Duration STEP = Duration.ofMillis(700);

  private final HttpClient http = HttpClient.newHttpClient();
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger made = new AtomicInteger();
  private final List<LogRecord> logged = new ArrayList<>();
  private final Handler log =
      new Handler() {
        @Override
        public void publish(LogRecord event) {
          synchronized (logged) {
            logged.add(event);
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };
  private final List<Socket> sockets = new ArrayList<>();
  private HttpPort port;

  @BeforeEach
  void start() throws Exception {
    Logger.getLogger("").addHandler(log);
    port =
        new HttpPort(
            new InetSocketAddress("127.0.0.1", 0),
            new HttpPort.Pages(
                Map.of(
                    "/livez", asked -> HttpPage.Answer.text(200, "text/plain", "live\n"),
                    "/broken",
                        asked -> {
                          throw new IllegalStateException("a bug");
                        }),
                Map.of(
                    "/large",
                        asked -> HttpPage.Answer.text(200, "text/plain", "x".repeat(50_000_000)),
                    "/stuck",
                        asked -> {
                          made.incrementAndGet();
                          try {
                            release.await();
                          } catch (InterruptedException e) {
                            throw new IOException(e);
                          }
                          return HttpPage.Answer.text(200, "text/plain", "made\n");
                        })),
            new HttpPort.Limits(CONNECTIONS, STEP));
  }

  @AfterEach
  void stop() throws Exception {
    release.countDown();
    assertThat(get("/livez").body()).isEqualTo("live\n");
    for (Socket socket : sockets) {
      socket.close();
    }
    port.close();
    Logger.getLogger("").removeHandler(log);
  }

  @Test
  void requestsThatNeverEndHoldNobodyUpAndAreClosed() throws Exception {
    for (String sent :
        List.of(
            "",
            "GET /livez HT",
            "GET /livez HTTP/1.1\r\nHost: x\r\nX-Half: ",
            "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nhalf")) {
      connect(sent);
    }
    for (int i = 0; i < 20; i++) {
      assertThat(get("/livez").statusCode()).isEqualTo(200);
    }
    for (Socket socket : sockets) {
      readToEnd(socket);
    }
  }

  /** Drops keep a connection busy, but the request has the time that it has. */
  @Test
  void headersThatComeInDropsAreClosed() throws Exception {
    Socket slow = connect("GET /livez HTTP/1.1\r\nHost: x\r\n");
    CompletableFuture<Void> closed = CompletableFuture.runAsync(() -> readToEnd(slow));
    while (!closed.isDone()) {
      try {
        slow.getOutputStream().write("X-Drop: 1\r\n".getBytes(StandardCharsets.US_ASCII));
      } catch (SocketException e) {
        break;
      }
      assertThat(get("/livez").statusCode()).isEqualTo(200);
    }
    closed.get(30, TimeUnit.SECONDS);
  }

  @Test
  void whereThereAreTooManyTheLongestSilentMakesRoom() throws Exception {
    for (int i = 0; i < CONNECTIONS; i++) {
      connect("GET /livez HT");
    }
    HttpClient probe = HttpClient.newHttpClient(); // a new connection
    assertThat(
            probe
                .send(HttpRequest.newBuilder(uri("/livez")).build(), BodyHandlers.ofString())
                .statusCode())
        .isEqualTo(200);
    readToEnd(sockets.get(0));
  }

  @Test
  void aPageThatHangsHoldsUpItsOwnKindOnly() throws Exception {
    List<CompletableFuture<HttpResponse<String>>> stuck = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      stuck.add(
          http.sendAsync(HttpRequest.newBuilder(uri("/stuck")).build(), BodyHandlers.ofString()));
    }
    assertThat(get("/livez").statusCode()).isEqualTo(200);
    release.countDown();
    for (var one : stuck) {
      assertThat(one.get(30, TimeUnit.SECONDS).body()).isEqualTo("made\n");
    }
    assertThat(made.get()).isEqualTo(6);
  }

  @Test
  void answersThatNobodyTakesAreGivenUpWithoutAWord() throws Exception {
    connect("GET /large HTTP/1.1\r\nHost: x\r\n\r\n"); // never reads
    Socket leaves = connect("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    assertThat(leaves.getInputStream().read()).isEqualTo('H');
    leaves.close(); // in the middle of its answer
    assertThat(get("/livez").statusCode()).isEqualTo(200);
    readToEnd(sockets.get(0));
    synchronized (logged) {
      assertThat(logged).allMatch(event -> event.getLevel().intValue() < Level.WARNING.intValue());
    }
  }

  @Test
  void whatIsNotHttpIsTurnedAway() throws Exception {
    byte[] garbage = new byte[100_000];
    new Random(3).nextBytes(garbage);
    for (byte[] sent :
        List.of(
            garbage,
            ("GET /" + "x".repeat(20_000)).getBytes(StandardCharsets.US_ASCII),
            ("GET / HTTP/1.1\r\nX: " + "x".repeat(20_000)).getBytes(StandardCharsets.US_ASCII))) {
      Socket socket = connect("");
      try {
        socket.getOutputStream().write(sent);
      } catch (SocketException e) {
        continue; // closed already
      }
      readToEnd(socket);
    }
  }

  @Test
  void pagesThatFailSayWhereToLook() throws Exception {
    HttpResponse<String> response = get("/broken");
    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body()).doesNotContain("a bug");
  }

  @Test
  void aConnectionIsUsedAgainAndHeadHasNoBody() throws Exception {
    Socket socket = connect("HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    byte[] first = new byte[15];
    socket.getInputStream().readNBytes(first, 0, first.length);
    assertThat(new String(first, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 200 OK");
    socket
        .getOutputStream()
        .write(
            "GET /livez?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
    String rest = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertThat(rest).containsIgnoringCase("content-length: 5").endsWith("\r\n\r\nlive\n");
    assertThat(rest.split("live\n", -1)).hasSize(2);
  }

  private Socket connect(String sent) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(10_000);
    socket.setSoTimeout(30_000);
    socket.connect(port.address());
    socket.getOutputStream().write(sent.getBytes(StandardCharsets.US_ASCII));
    sockets.add(socket);
    return socket;
  }

  private static void readToEnd(Socket socket) {
    try {
      InputStream in = socket.getInputStream();
      in.skip(Long.MAX_VALUE);
      assertThat(in.read()).isEqualTo(-1);
    } catch (SocketException e) {
      // Closed all the same.
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port.address().getPort() + path);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return http.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
  }
}
