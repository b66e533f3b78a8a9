package dev.podium.server.requestlog;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Where traces go, and how many.
 *
 * @param endpoint of a collector that takes OTLP over gRPC: {@code http://host:port} or {@code
 *     https://host:port}
 * @param ca PEM file of the certificates that sign the collector's; null for the JDK's
 * @param sampleRatio of the traces that begin here; those of callers are kept if the caller keeps
 *     them
 * @param maxQueue spans that wait to be sent
 * @param timeout of one export
 * @param resource what the server is, for the collector
 */
public record TraceOptions(
    URI endpoint,
    Path ca,
    double sampleRatio,
    int maxQueue,
    Duration timeout,
    Map<String, String> resource) {}
