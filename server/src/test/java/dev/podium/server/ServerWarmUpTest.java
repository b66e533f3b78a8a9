package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;

class ServerWarmUpTest {
  private final List<String> messages = new CopyOnWriteArrayList<>();

  @Test
  void ranksTheExamplesBeforeItServesAndCountsNone() throws Exception {
    String metrics = metricsOfServerThatWarmsUpFor("300ms");

    assertThat(messages).singleElement().asString().matches("warmed up with [1-9]\\d* requests");
    assertThat(metrics).contains("podium_ready 1");
    for (String series : List.of("podium_request_seconds_count{", "podium_rows_total{")) {
      assertThat(metrics.lines().filter(line -> line.startsWith(series)))
          .as(series)
          .isNotEmpty()
          .allMatch(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))) == 0);
    }
  }

  @Test
  void doesNothingIfSwitchedOff() throws Exception {
    assertThat(metricsOfServerThatWarmsUpFor("0s")).contains("podium_ready 1");

    assertThat(messages).isEmpty();
  }

  private String metricsOfServerThatWarmsUpFor(String time) throws Exception {
    ServerConfig config =
        ConfigReader.read(
            null,
            Map.of(),
            Map.of(
                "models", Path.of("..", "models", "bench").toString(),
                "compiler.enabled", "false",
                "grpc.port", "0",
                "admin.port", "0",
                "warm_up", time));
    List<Logger> loggers =
        List.of(Logger.getLogger(ServerWarmUp.class.getName()), Logger.getLogger("io.netty"));
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            messages.add(new SimpleFormatter().formatMessage(line));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    loggers.forEach(logger -> logger.addHandler(handler));
    try (PodiumServer server = PodiumServer.start(config)) {
      URI uri = URI.create("http://127.0.0.1:" + server.adminAddress().getPort() + "/metrics");
      return HttpClient.newHttpClient()
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    } finally {
      loggers.forEach(logger -> logger.removeHandler(handler));
    }
  }
}
