package dev.podium.server.fault;

/**
 * Why a model can't be served: one line that names the file or the key, what came and what was
 * expected.
 */
public final class ModelException extends Exception {
  private static final long serialVersionUID = 1L;

  public ModelException(String message) {
    super(message);
  }

  public ModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
