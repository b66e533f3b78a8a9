package dev.podium.server.transport;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What is at one path of an {@link HttpPort}. Thread-safe. */
@FunctionalInterface
public interface HttpPage {
  /** Makes the page for a GET or HEAD. */
  Answer answer(Request request) throws IOException;

  /**
   * What was asked for.
   *
   * @param method GET or HEAD
   * @param query what follows the question mark; null if there is none
   * @param headers values of a header, by its name in any case
   */
  record Request(String method, String query, Function<String, List<String>> headers) {}

  /**
   * What is there.
   *
   * @param headers beside those that every answer has
   */
  record Answer(int status, Map<String, String> headers, byte[] body) {
    /** A text as UTF-8. */
    public static Answer text(int status, String type, String text) {
      return new Answer(
          status, Map.of("Content-Type", type), text.getBytes(StandardCharsets.UTF_8));
    }
  }
}
