package dev.podium.server.yaml;

/**
 * Why a text is not the YAML that was expected: one line with the key, what stands there and what
 * was expected.
 */
public final class YamlException extends Exception {
  private static final long serialVersionUID = 1L;

  YamlException(String message, Throwable cause) {
    super(message, cause);
  }
}
