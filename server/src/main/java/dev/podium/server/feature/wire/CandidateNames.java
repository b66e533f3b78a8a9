package dev.podium.server.feature.wire;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.podium.ranking.v1.CandidateIds;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.StringValues;
import dev.podium.server.fault.RankException;
import java.io.IOException;

/**
 * The ids of a request's candidates, so that a ranked response can name those it returns. Text
 * stays in the request's bytes, which must outlive this.
 */
public final class CandidateNames {
  /** Ids too many that are counted for the error: what is read here keeps an event loop. */
  private static final int MORE_COUNTED = 1_000;

  private final byte[] bytes;
  private final long[] numbers;
  private final int[] textAt;
  private final int[] textLength;

  private CandidateNames(byte[] bytes, long[] numbers, int[] textAt, int[] textLength) {
    this.bytes = bytes;
    this.numbers = numbers;
    this.textAt = textAt;
    this.textLength = textLength;
  }

  /**
   * Reads the ids.
   *
   * @return null if the request has none
   * @throws RankException INVALID_ARGUMENT if there isn't one for each candidate
   */
  public static CandidateNames read(RankMessage request) throws RankException {
    if (request.idsKind() == 0) {
      return null;
    }
    boolean text = request.idsKind() == CandidateIds.STRING_IDS_FIELD_NUMBER;
    ValueCursor cursor = new ValueCursor();
    cursor.openIds(request, text);
    int rows = request.rows();
    int most = (request.idsEnd() - request.idsAt()) / (text ? 2 : 1);
    if (most < rows) {
      throw wrongCount("at most " + most, rows);
    }
    long[] numbers = text ? null : new long[rows];
    int[] textAt = text ? new int[rows] : null;
    int[] textLength = text ? new int[rows] : null;
    for (int row = 0; row < rows; row++) {
      if (!cursor.hasNext()) {
        throw wrongCount(Integer.toString(row), rows);
      }
      if (text) {
        cursor.nextText();
        textAt[row] = cursor.textAt();
        textLength[row] = cursor.textLength();
      } else {
        numbers[row] = cursor.nextLong();
      }
    }
    if (cursor.hasNext()) {
      long more = cursor.drain(MORE_COUNTED);
      throw wrongCount((more == MORE_COUNTED ? "at least " : "") + (rows + more), rows);
    }
    return new CandidateNames(request.bytes(), numbers, textAt, textLength);
  }

  private static RankException wrongCount(String sent, int rows) {
    return RankException.invalid(
        "candidates.ids: " + sent + " ids (expected: " + rows + ", one for each candidate)");
  }

  /** Size of the {@code CandidateIds} message that names the candidates at these positions. */
  public int encodedSize(int[] positions) {
    int values = valuesSize(positions);
    return CodedOutputStream.computeTagSize(CandidateIds.INT64_IDS_FIELD_NUMBER)
        + CodedOutputStream.computeUInt32SizeNoTag(values)
        + values;
  }

  /** Writes the {@code CandidateIds} message that names the candidates at these positions. */
  public void encode(int[] positions, CodedOutputStream out) throws IOException {
    int field =
        numbers != null
            ? CandidateIds.INT64_IDS_FIELD_NUMBER
            : CandidateIds.STRING_IDS_FIELD_NUMBER;
    out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(valuesSize(positions));
    if (numbers != null) {
      out.writeTag(Int64Values.VALUES_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(packedSize(positions));
      for (int position : positions) {
        out.writeInt64NoTag(numbers[position]);
      }
      return;
    }
    for (int position : positions) {
      out.writeTag(StringValues.VALUES_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(textLength[position]);
      out.write(bytes, textAt[position], textLength[position]);
    }
  }

  private int valuesSize(int[] positions) {
    if (numbers != null) {
      int packed = packedSize(positions);
      return CodedOutputStream.computeTagSize(Int64Values.VALUES_FIELD_NUMBER)
          + CodedOutputStream.computeUInt32SizeNoTag(packed)
          + packed;
    }
    int size = 0;
    for (int position : positions) {
      size +=
          CodedOutputStream.computeTagSize(StringValues.VALUES_FIELD_NUMBER)
              + CodedOutputStream.computeUInt32SizeNoTag(textLength[position])
              + textLength[position];
    }
    return size;
  }

  private int packedSize(int[] positions) {
    int size = 0;
    for (int position : positions) {
      size += CodedOutputStream.computeInt64SizeNoTag(numbers[position]);
    }
    return size;
  }
}
