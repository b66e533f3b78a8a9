package dev.podium.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.fault.ModelException;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A start finds what is wrong before models are loaded, and can be watched while they are. */
class StartTest {
  private static final Path MODEL = Path.of("..", "models", "bench", "deepfm");

  @TempDir Path folder;

  /** If models were loaded first, the start would wait for ever for this one. */
  @Test
  void whatCanBeCheckedFirstIs() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    modelThatWaits(models);
    try (ServerSocket taken = new ServerSocket(0)) {
      String port = Integer.toString(taken.getLocalPort());
      refused("grpc", ": can't listen there: ", TestConfigs.of(models, "grpc.port", port));
      refused("admin", ": can't listen there: ", TestConfigs.of(models, "admin.port", port));
    }
    refused("grpc.host: 'no such host'", "", TestConfigs.of(models, "grpc.host", "no such host"));
    refused("admin.host: 'no such host'", "", TestConfigs.of(models, "admin.host", "no such host"));
    String missing = folder.resolve("missing").toString();
    refused("", missing, TestConfigs.of(models, "tls.certificate", missing, "tls.key", missing));
    refused("", missing, TestConfigs.of(models, "auth.tokens", missing));
    refused("", missing, TestConfigs.of(models, "auth.jwks", missing));
    refused(
        "traces.ca",
        missing,
        TestConfigs.of(models, "traces.endpoint", "https://127.0.0.1:9", "traces.ca", missing));
    refused("scheduler.cpus", "", TestConfigs.of(models, "scheduler.cpus", "[8191]"));
  }

  @Test
  void aStartCanBeWatched() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    Path pipe = modelThatWaits(models);
    int port = FreePorts.next();
    ServerConfig config =
        TestConfigs.of(
            models,
            "admin.port",
            Integer.toString(port),
            "compiler.enabled",
            "false",
            "warm_up",
            "0s");
    CompletableFuture<PodiumServer> start = CompletableFuture.supplyAsync(() -> start(config));

    String waiting = "not ready\nstarting\nmodel 'deepfm': version 1 loading\n";
    assertThat(untilReadyz(port, start, waiting)).isEqualTo(waiting);
    assertThat(get(port, "/livez").statusCode()).isEqualTo(200);
    assertThat(get(port, "/startupz").statusCode()).isEqualTo(503);
    assertThat(get(port, "/startupz").body()).startsWith("not started\n").contains("deepfm");
    assertThat(get(port, "/models").body()).contains("\"deepfm\"", "\"loading\"");
    assertThat(get(port, "/metrics").body()).contains("podium_ready 0");
    assertThat(start).isNotDone();
    Files.writeString(pipe, "");

    try (PodiumServer server = start.get(60, TimeUnit.SECONDS)) {
      assertThat(get(port, "/readyz").body()).isEqualTo("ready\n");
      assertThat(get(port, "/startupz").body()).isEqualTo("started\n");
      assertThat(server.repository().status("deepfm").available()).isTrue();
    }
  }

  @Test
  void theSettingsAreOneEventOnceTheyAreChecked() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    Logger logger = Logger.getLogger("dev.podium.server.settings");
    List<LogRecord> events = new ArrayList<>();
    Handler handler = recorder(events);
    logger.addHandler(handler);
    logger.setLevel(Level.CONFIG);
    try {
      assertThatThrownBy(() -> PodiumServer.start(TestConfigs.of(folder.resolve("nowhere"))))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("nowhere");
      assertThat(events).isEmpty();
      PodiumServer.start(TestConfigs.of(models)).close();
    } finally {
      logger.removeHandler(handler);
      logger.setLevel(null);
    }

    assertThat(events).hasSize(1);
    assertThat(events.get(0).getLevel()).isEqualTo(Level.CONFIG);
    assertThat(events.get(0).getMessage())
        .startsWith("config ")
        .contains("max_wait", models.toString())
        .doesNotContain("\n");
  }

  @Test
  void listensOnAddressesOfVersionSix() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    for (String host : new String[] {"::1", "[::1]"}) {
      try (PodiumServer server =
          PodiumServer.start(
              TestConfigs.of(
                  models, "grpc.host", host, "admin.host", host, "required_models", "[]"))) {
        assertThat(server.grpcAddress().getAddress()).isInstanceOf(Inet6Address.class);
        assertThat(server.grpcAddress().getAddress().isLoopbackAddress()).isTrue();
        URI uri = URI.create("http://[::1]:" + server.adminAddress().getPort() + "/readyz");
        assertThat(send(uri).body()).isEqualTo("ready\n");
      }
    }
    try (PodiumServer server = PodiumServer.start(TestConfigs.of(models, "grpc.host", "::"))) {
      assertThat(server.grpcAddress().getAddress().isAnyLocalAddress()).isTrue();
    }
  }

  /** Its warm-up requests are a pipe, which is read when somebody has written to it. */
  private static Path modelThatWaits(Path models) throws Exception {
    Path version = Files.createDirectories(models.resolve("deepfm").resolve("1"));
    Files.copy(MODEL.resolve("model.yaml"), models.resolve("deepfm").resolve("model.yaml"));
    try (var files = Files.list(MODEL.resolve("1"))) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (!name.endsWith(".jsonl")) {
          Files.copy(file, version.resolve(name));
        }
      }
    }
    Path pipe = version.resolve("warmup.jsonl");
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start();
    assertThat(made.waitFor()).isZero();
    return pipe;
  }

  private static Handler recorder(List<LogRecord> events) {
    return new Handler() {
      @Override
      public void publish(LogRecord event) {
        events.add(event);
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }

  private static void refused(String begins, String contains, ServerConfig config) {
    assertThatThrownBy(() -> PodiumServer.start(config))
        .isInstanceOf(IOException.class)
        .message()
        .startsWith(begins)
        .contains(contains)
        .doesNotContain("\n");
  }

  private static PodiumServer start(ServerConfig config) {
    try {
      return PodiumServer.start(config);
    } catch (Exception e) {
      throw new CompletionException(e);
    }
  }

  /** Asks until the answer is the expected one or the start is over. */
  private static String untilReadyz(int port, CompletableFuture<?> start, String expected)
      throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    String answer = "";
    while (!answer.equals(expected) && !start.isDone() && System.nanoTime() < end) {
      try {
        answer = get(port, "/readyz").body();
      } catch (IOException e) {
        // The port is not open yet.
        Thread.onSpinWait();
      }
    }
    return answer;
  }

  private static HttpResponse<String> get(int port, String path) throws Exception {
    return send(URI.create("http://127.0.0.1:" + port + path));
  }

  private static HttpResponse<String> send(URI uri) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build(),
            HttpResponse.BodyHandlers.ofString(UTF_8));
  }
}
