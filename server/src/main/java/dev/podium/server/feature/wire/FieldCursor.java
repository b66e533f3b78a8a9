package dev.podium.server.feature.wire;

import com.google.protobuf.WireFormat;
import dev.podium.server.fault.RankException;

/**
 * Walks the fields of a submessage: tags, lengths, whole numbers. Has two ends, since a field may
 * hold many values: {@code next} is where the next field starts, and {@code at} stands inside the
 * piece of values that was found last.
 */
abstract class FieldCursor {
  byte[] bytes;
  int next;
  int end;
  int at;
  int chunkEnd;

  /** What is being read, for messages. */
  abstract String what();

  final void startAt(int from, int to) {
    next = from;
    end = to;
    at = chunkEnd = from;
  }

  final long varint() throws RankException {
    int p = at;
    long value = bytes[p++];
    if (value < 0) {
      value &= 0x7F;
      int shift = 7;
      byte b;
      do {
        if (shift > 63 || p == chunkEnd) {
          throw malformed();
        }
        b = bytes[p++];
        value |= (long) (b & 0x7F) << shift;
        shift += 7;
      } while (b < 0);
    }
    at = p;
    return value;
  }

  final int readLength(int tag) throws RankException {
    expectWireType(tag, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    int length = readInt();
    if (length < 0 || length > end - next) {
      throw malformed();
    }
    return length;
  }

  final int readInt() throws RankException {
    long value = readVarint();
    return value < 0 || value > Integer.MAX_VALUE ? -1 : (int) value;
  }

  final long readVarint() throws RankException {
    at = next;
    chunkEnd = end;
    if (at >= end) {
      throw malformed();
    }
    long value = varint();
    next = at;
    chunkEnd = at;
    return value;
  }

  final void skipField(int tag) throws RankException {
    int length;
    switch (tag & 7) {
      case WireFormat.WIRETYPE_VARINT -> {
        int start = at;
        readVarint();
        at = start;
        return;
      }
      case WireFormat.WIRETYPE_FIXED64 -> length = Long.BYTES;
      case WireFormat.WIRETYPE_FIXED32 -> length = Integer.BYTES;
      case WireFormat.WIRETYPE_LENGTH_DELIMITED -> length = readLength(tag);
      default -> throw malformed();
    }
    if (length > end - next) {
      throw malformed();
    }
    next += length;
  }

  final void expectWireType(int tag, int wireType) throws RankException {
    if ((tag & 7) != wireType) {
      throw malformed();
    }
  }

  final RankException malformed() {
    return RankException.invalid(what() + ": its values are no well-formed protobuf message");
  }
}
