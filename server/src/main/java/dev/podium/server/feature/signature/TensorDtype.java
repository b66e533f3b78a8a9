package dev.podium.server.feature.signature;

/** Element types of graph inputs and outputs that Podium fills and reads. */
public enum TensorDtype {
  INT32(4),
  INT64(8),
  FLOAT(4),
  DOUBLE(8),
  BOOL(1),
  /** Text. Lives in a {@code String[]}, since the runtime takes it only from there. */
  STRING(0);

  private final int bytes;

  TensorDtype(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in bytes; 0 for text. */
  public int bytes() {
    return bytes;
  }
}
