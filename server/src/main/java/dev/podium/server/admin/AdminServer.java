package dev.podium.server.admin;

import dev.podium.server.transport.HttpPage;
import dev.podium.server.transport.HttpPage.Answer;
import dev.podium.server.transport.HttpPort;
import io.prometheus.metrics.exporter.common.PrometheusScrapeHandler;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The HTTP port for operators and orchestrators: {@code /livez}, {@code /startupz}, {@code
 * /readyz}, {@code /metrics} for Prometheus, {@code /models} as JSON, and a status page at {@code
 * /}. Reads only; there is no authentication, so it belongs on loopback or in a network of its own.
 */
public final class AdminServer implements AutoCloseable {
  private static final String TEXT = "text/plain; charset=utf-8";

  /** What its clients may take: probes and a few scrapers. */
  static final HttpPort.Limits LIMITS = new HttpPort.Limits(64, Duration.ofSeconds(30));

  private final HttpPort port;

  private AdminServer(HttpPort port) {
    this.port = port;
  }

  /**
   * Starts listening.
   *
   * @param unstarted what the start waits for, a sentence each; empty once it is over, for good
   * @param missing why the server should not be sent requests now, a sentence each; empty if it
   *     should
   * @param meters what {@code /metrics} shows, beside the JVM's own
   * @param report what {@code /models} and the status page show
   * @throws IOException if the address can't be bound, naming it
   */
  public static AdminServer start(
      InetSocketAddress address,
      Supplier<List<String>> unstarted,
      Supplier<List<String>> missing,
      MultiCollector meters,
      StatusReport report)
      throws IOException {
    return start(address, unstarted, missing, meters, report, LIMITS);
  }

  static AdminServer start(
      InetSocketAddress address,
      Supplier<List<String>> unstarted,
      Supplier<List<String>> missing,
      MultiCollector meters,
      StatusReport report,
      HttpPort.Limits limits)
      throws IOException {
    PrometheusRegistry registry = new PrometheusRegistry();
    JvmMetrics.builder().register(registry);
    registry.register(meters);
    PrometheusScrapeHandler scrapes = new PrometheusScrapeHandler(registry);
    String status = resource("status.html");
    // Probes are answered although a scrape takes its time.
    HttpPort.Pages pages =
        new HttpPort.Pages(
            Map.of(
                "/livez", asked -> Answer.text(200, TEXT, "live\n"),
                "/startupz", asked -> unless(unstarted.get(), "started"),
                "/readyz", asked -> unless(missing.get(), "ready"),
                "/", asked -> Answer.text(200, "text/html; charset=utf-8", status)),
            Map.of(
                "/metrics", asked -> Scrape.of(scrapes, asked),
                "/models", asked -> Answer.text(200, "application/json", report.json())));
    try {
      return new AdminServer(new HttpPort(address, pages, limits));
    } catch (IOException e) {
      throw new IOException("admin " + address + ": can't listen there: " + e.getMessage(), e);
    }
  }

  private static HttpPage.Answer unless(List<String> missing, String word) {
    return missing.isEmpty()
        ? Answer.text(200, TEXT, word + "\n")
        : Answer.text(503, TEXT, "not " + word + "\n" + String.join("\n", missing) + "\n");
  }

  public InetSocketAddress address() {
    return port.address();
  }

  @Override
  public void close() {
    port.close();
  }

  private static String resource(String name) {
    try (InputStream in = AdminServer.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
