package dev.podium.server.rpc;

import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * A {@code google.rpc.Status} with a {@code google.rpc.RetryInfo} as its only detail, written at
 * once: under overload there are many of them.
 */
final class RetryDetails {
  private static final int CODE = 1;
  private static final int MESSAGE = 2;
  private static final int DETAILS = 3;
  private static final int TYPE_URL = 1;
  private static final int VALUE = 2;
  private static final int RETRY_DELAY = 1;
  private static final int SECONDS = 1;
  private static final int NANOS = 2;
  private static final byte[] RETRY_INFO =
      "type.googleapis.com/google.rpc.RetryInfo".getBytes(StandardCharsets.UTF_8);

  private RetryDetails() {}

  /**
   * The status as bytes.
   *
   * @param code its number on the wire
   * @param millis after which to try again, above 0
   */
  static byte[] encode(int code, String message, long millis) {
    byte[] text = message.getBytes(StandardCharsets.UTF_8);
    long seconds = millis / 1000;
    int nanos = (int) (millis % 1000) * 1_000_000;
    int duration =
        (seconds == 0 ? 0 : CodedOutputStream.computeInt64Size(SECONDS, seconds))
            + (nanos == 0 ? 0 : CodedOutputStream.computeInt32Size(NANOS, nanos));
    int retry = lengthDelimited(RETRY_DELAY, duration);
    int any = lengthDelimited(TYPE_URL, RETRY_INFO.length) + lengthDelimited(VALUE, retry);
    byte[] bytes =
        new byte
            [CodedOutputStream.computeInt32Size(CODE, code)
                + lengthDelimited(MESSAGE, text.length)
                + lengthDelimited(DETAILS, any)];
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      out.writeInt32(CODE, code);
      out.writeByteArray(MESSAGE, text);
      begin(out, DETAILS, any);
      out.writeByteArray(TYPE_URL, RETRY_INFO);
      begin(out, VALUE, retry);
      begin(out, RETRY_DELAY, duration);
      if (seconds != 0) {
        out.writeInt64(SECONDS, seconds);
      }
      if (nanos != 0) {
        out.writeInt32(NANOS, nanos);
      }
      out.checkNoSpaceLeft();
      return bytes;
    } catch (IOException e) {
      throw new IllegalStateException("retry details: more bytes than were counted", e);
    }
  }

  private static int lengthDelimited(int field, int length) {
    return CodedOutputStream.computeTagSize(field)
        + CodedOutputStream.computeUInt32SizeNoTag(length)
        + length;
  }

  private static void begin(CodedOutputStream out, int field, int length) throws IOException {
    out.writeTag(field, 2);
    out.writeUInt32NoTag(length);
  }
}
