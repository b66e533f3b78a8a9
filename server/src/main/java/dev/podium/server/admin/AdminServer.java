package dev.podium.server.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.exporter.httpserver.MetricsHandler;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The HTTP port for operators and orchestrators: {@code /livez}, {@code /readyz}, {@code /metrics}
 * for Prometheus, {@code /models} as JSON, and a status page at {@code /}. Reads only; there is no
 * authentication, so it belongs on loopback or in a network of its own.
 */
public final class AdminServer implements AutoCloseable {
  private static final String TEXT = "text/plain; charset=utf-8";

  private final HttpServer server;
  private final ExecutorService executor;

  private AdminServer(HttpServer server, ExecutorService executor) {
    this.server = server;
    this.executor = executor;
  }

  /**
   * Starts listening.
   *
   * @param missing why the server should not be sent requests now, a sentence each; empty if it
   *     should
   * @param meters what {@code /metrics} shows, beside the JVM's own
   * @param report what {@code /models} and the status page show
   * @throws IOException if the address can't be bound, naming it
   */
  public static AdminServer start(
      InetSocketAddress address,
      Supplier<List<String>> missing,
      MultiCollector meters,
      StatusReport report)
      throws IOException {
    HttpServer server;
    try {
      server = HttpServer.create(address, 0);
    } catch (IOException e) {
      throw new IOException("admin " + address + ": can't listen there: " + e.getMessage(), e);
    }
    ExecutorService executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "podium-admin");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(executor);
    PrometheusRegistry registry = new PrometheusRegistry();
    JvmMetrics.builder().register(registry);
    registry.register(meters);
    server.createContext("/metrics", read("/metrics", new MetricsHandler(registry)));
    server.createContext("/livez", read("/livez", page(TEXT, () -> "live\n")));
    server.createContext(
        "/readyz",
        read(
            "/readyz",
            exchange -> {
              List<String> now = missing.get();
              answer(
                  exchange,
                  now.isEmpty() ? 200 : 503,
                  TEXT,
                  now.isEmpty() ? "ready\n" : "not ready\n" + String.join("\n", now) + "\n");
            }));
    server.createContext("/models", read("/models", page("application/json", report::json)));
    String status = resource("status.html");
    server.createContext("/", read("/", page("text/html; charset=utf-8", () -> status)));
    server.start();
    return new AdminServer(server, executor);
  }

  public InetSocketAddress address() {
    return server.getAddress();
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }

  /** Text that is made when it is asked for. */
  private interface Page {
    String text() throws IOException;
  }

  private static HttpHandler page(String type, Page page) {
    return exchange -> answer(exchange, 200, type, page.text());
  }

  /** Lets GET and HEAD of just this path through. */
  private static HttpHandler read(String path, HttpHandler handler) {
    return exchange -> {
      String method = exchange.getRequestMethod();
      if (!exchange.getRequestURI().getPath().equals(path)) {
        answer(exchange, 404, TEXT, "not found\n");
      } else if (!method.equals("GET") && !method.equals("HEAD")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        answer(exchange, 405, TEXT, method + ": not allowed (expected: GET or HEAD)\n");
      } else {
        handler.handle(exchange);
      }
    };
  }

  private static void answer(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(status, -1);
      exchange.close();
      return;
    }
    exchange.sendResponseHeaders(status, body.length);
    try (var out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private static String resource(String name) {
    try (InputStream in = AdminServer.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
