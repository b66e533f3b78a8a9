package dev.podium.server.requestlog;

import dev.podium.server.settings.Setting;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where traces go, and how many. Without an endpoint, which is null then, there are none. */
public record TraceOptions(
    @Setting(
            is =
                "a collector that takes OTLP over gRPC, as `http://HOST:PORT` or"
                    + " `https://HOST:PORT`; no [traces](operations.md#traces) without it")
        String endpoint,
    @Setting(
            is =
                "PEM file of the authorities that sign the collector's certificate; without"
                    + " it the JDK's own")
        Path ca,
    @Setting(
            value = "0.01",
            min = "0",
            max = "1",
            is =
                "share of the traces begun by this server that are kept; a caller's trace "
                    + "is kept if the caller keeps it")
        double sampleRatio,
    @Setting(value = "podium", is = "the server's name in traces") String serviceName,
    @Setting(
            value = "[]",
            is =
                "further attributes of the server, each `NAME=VALUE`, such as "
                    + "`k8s.pod.name=podium-0`")
        List<String> resource,
    @Setting(
            value = "4096",
            min = "1",
            max = "1000000",
            is = "spans that wait to be sent; more are dropped and counted")
        int maxQueue,
    @Setting(value = "10s", min = "1ms", max = "1h", is = "time of one export") Duration timeout) {
  public TraceOptions {
    attributes(resource);
    if (endpoint != null) {
      checkEndpoint(endpoint);
    } else if (ca != null) {
      throw new IllegalArgumentException("endpoint: missing (expected: one, as ca is set)");
    }
  }

  /** Whether there are traces. */
  public boolean enabled() {
    return endpoint != null;
  }

  /** Where the collector is. */
  URI collector() {
    return URI.create(endpoint);
  }

  /** What the server is, by name. */
  Map<String, String> attributes() {
    Map<String, String> attributes = new LinkedHashMap<>();
    attributes.put("service.name", serviceName);
    attributes.putAll(attributes(resource));
    return attributes;
  }

  private static Map<String, String> attributes(List<String> resource) {
    Map<String, String> attributes = new LinkedHashMap<>();
    for (String item : resource) {
      int sign = item.indexOf('=');
      if (sign < 1 || attributes.put(item.substring(0, sign), item.substring(sign + 1)) != null) {
        throw new IllegalArgumentException(
            "resource: '" + item + "' (expected: NAME=VALUE, each name once)");
      }
    }
    return attributes;
  }

  private static void checkEndpoint(String text) {
    URI endpoint;
    try {
      endpoint = URI.create(text);
    } catch (IllegalArgumentException e) {
      endpoint = URI.create("");
    }
    boolean known = "http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme());
    String path = endpoint.getPath();
    if (!known
        || endpoint.getHost() == null
        || endpoint.getPort() < 1
        || endpoint.getUserInfo() != null
        || endpoint.getQuery() != null
        || !(path.isEmpty() || path.equals("/"))) {
      throw new IllegalArgumentException(
          "endpoint: '" + text + "' (expected: http://HOST:PORT or https://HOST:PORT)");
    }
  }
}
