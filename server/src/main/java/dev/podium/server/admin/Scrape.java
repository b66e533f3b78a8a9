package dev.podium.server.admin;

import dev.podium.server.transport.HttpPage.Answer;
import dev.podium.server.transport.HttpPage.Request;
import io.prometheus.metrics.exporter.common.PrometheusHttpExchange;
import io.prometheus.metrics.exporter.common.PrometheusHttpRequest;
import io.prometheus.metrics.exporter.common.PrometheusHttpResponse;
import io.prometheus.metrics.exporter.common.PrometheusScrapeHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.Map;

/** One scrape, in the terms of Prometheus's library: it chooses the format and compresses. */
final class Scrape
    implements PrometheusHttpExchange, PrometheusHttpRequest, PrometheusHttpResponse {
  private final Request asked;
  private final Map<String, String> headers = new LinkedHashMap<>();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private int status;

  private Scrape(Request asked) {
    this.asked = asked;
  }

  static Answer of(PrometheusScrapeHandler scrapes, Request asked) throws IOException {
    Scrape scrape = new Scrape(asked);
    scrapes.handleRequest(scrape);
    return new Answer(scrape.status, scrape.headers, scrape.body.toByteArray());
  }

  @Override
  public PrometheusHttpRequest getRequest() {
    return this;
  }

  @Override
  public PrometheusHttpResponse getResponse() {
    return this;
  }

  @Override
  public String getQueryString() {
    return asked.query();
  }

  @Override
  public Enumeration<String> getHeaders(String name) {
    return Collections.enumeration(asked.headers().apply(name));
  }

  @Override
  public String getMethod() {
    return asked.method();
  }

  @Override
  public String getRequestPath() {
    return "/metrics";
  }

  @Override
  public void setHeader(String name, String value) {
    headers.put(name, value);
  }

  @Override
  public OutputStream sendHeadersAndGetBody(int statusCode, int contentLength) {
    status = statusCode;
    return body;
  }

  @Override
  public void handleException(IOException e) throws IOException {
    throw e;
  }

  @Override
  public void handleException(RuntimeException e) {
    throw e;
  }

  @Override
  public void close() {}
}
