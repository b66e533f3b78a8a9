package dev.podium.server.feature.assembly;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.wire.ValueCursor;
import dev.podium.server.feature.wire.ValueCursor.Coding;
import java.nio.ByteBuffer;

/** Takes a column's numbers over in one piece, where the wire has them as the graph wants them. */
final class BulkCopy {
  private BulkCopy() {}

  /** Copies numbers that lie in the message exactly as they shall lie in the buffer. */
  static boolean copy(
      ValueCursor cursor, Feature feature, TensorBuffers target, int firstRow, int count)
      throws RankException {
    boolean sameForm =
        feature.ids() == IdRule.NONE
            && feature.width() == target.rowElements(feature.input())
            && sameCoding(cursor.coding(), target.specs().get(feature.input()).type());
    if (!sameForm) {
      return false;
    }
    int rowBytes = target.rowBytes(feature.input());
    if (count == 0 || !cursor.contiguous((long) count * rowBytes)) {
      return false;
    }
    ByteBuffer buffer = target.numbers(feature.input());
    int start = firstRow * rowBytes;
    buffer.put(start, cursor.bytes(), cursor.position(), count * rowBytes);
    if (feature.finite()) {
      checkFinite(feature, buffer, start, count, rowBytes);
    }
    cursor.finish();
    return true;
  }

  private static boolean sameCoding(Coding coding, TensorDtype type) {
    return switch (coding) {
      case FLOAT32 -> type == TensorDtype.FLOAT;
      case RAW_FLOAT64 -> type == TensorDtype.DOUBLE;
      case RAW_INT64 -> type == TensorDtype.INT64;
      case RAW_INT32 -> type == TensorDtype.INT32;
      default -> false;
    };
  }

  private static void checkFinite(
      Feature feature, ByteBuffer buffer, int start, int count, int rowBytes) throws RankException {
    int end = start + count * rowBytes;
    if (rowBytes == feature.width() * Float.BYTES) {
      for (int at = start; at < end; at += Float.BYTES) {
        float value = buffer.getFloat(at);
        if (!Float.isFinite(value)) {
          throw ColumnErrors.notFinite(feature, value, (at - start) / rowBytes);
        }
      }
    } else {
      for (int at = start; at < end; at += Double.BYTES) {
        double value = buffer.getDouble(at);
        if (!Double.isFinite(value)) {
          throw ColumnErrors.notFinite(feature, value, (at - start) / rowBytes);
        }
      }
    }
  }
}
