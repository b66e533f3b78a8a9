package dev.podium.server.feature.wire;

import static dev.podium.ranking.v1.Priority.PRIORITY_CRITICAL_VALUE;
import static dev.podium.ranking.v1.Priority.PRIORITY_SHEDDABLE_VALUE;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.CandidateIds;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A {@code podium.ranking.v1.RankRequest} as it came: the message's bytes, and where in them each
 * column lies. The values stay undecoded until assembly writes them to where the runtime reads
 * them, so a request costs no object per value and is looked through once.
 *
 * <p>Immutable once parsed, so one request may be bound to several versions. Whoever reads the
 * bytes holds {@link #source} meanwhile.
 */
public final class RankMessage {
  private static final int NAME_AT = 0;
  private static final int NAME_LENGTH = 1;
  private static final int KIND = 2;
  private static final int VALUES_AT = 3;
  private static final int VALUES_LENGTH = 4;
  private static final int SECTION = 5;
  private static final int STRIDE = 6;

  private static final int CONTEXT = 0;
  private static final int CANDIDATES = 1;

  /** More columns than any model has features, and few enough to note them all. */
  static final int MAX_COLUMNS = 8_192;

  /** Likewise of outputs. */
  static final int MAX_OUTPUTS = 1_024;

  private final MessageBytes source;
  private final byte[] bytes;
  private int[] columns = new int[16 * STRIDE];
  private int columnCount;

  private String requestId = "";
  private String modelName = "";
  private long version;
  private String label = "";
  private int rows;
  private int topK;
  private List<String> outputs = List.of();
  private Priority priority = Priority.NORMAL;
  private boolean allowPartial;
  private int idsKind;
  private int idsAt;
  private int idsLength;

  private RankMessage(MessageBytes source) {
    this.source = source;
    this.bytes = source.array();
  }

  /**
   * Finds the columns of a message.
   *
   * @param source held by the caller
   * @throws RankException INVALID_ARGUMENT if it isn't a RankRequest
   */
  public static RankMessage parse(MessageBytes source) throws RankException {
    int length = source.length();
    RankMessage request = new RankMessage(source);
    try {
      request.readRequest(CodedInputStream.newInstance(source.array(), 0, length));
    } catch (InvalidProtocolBufferException e) {
      throw RankException.invalid(
          "request: "
              + length
              + " bytes that are no podium.ranking.v1.RankRequest: "
              + e.getMessage());
    } catch (IOException e) {
      throw new AssertionError("an array can't fail to be read", e);
    }
    return request;
  }

  /** As {@link #parse(MessageBytes)}, of an array that is the caller's own. */
  public static RankMessage parse(byte[] bytes, int length) throws RankException {
    return parse(MessageBytes.of(bytes, length));
  }

  /** The bytes that all positions are in. */
  public MessageBytes source() {
    return source;
  }

  /** The caller's name for the request; may be empty. */
  public String requestId() {
    return requestId;
  }

  /** The model asked for; empty if the request names none. */
  public String modelName() {
    return modelName;
  }

  /** The version asked for; 0 if none is named. */
  public long version() {
    return version;
  }

  /** The label asked for; empty if none is named. */
  public String label() {
    return label;
  }

  /** Number of candidates. */
  public int rows() {
    return rows;
  }

  /** Candidates to return, best first; 0 for all in request order. */
  public int topK() {
    return topK;
  }

  /** Names of the outputs asked for; empty for all. */
  public List<String> outputs() {
    return outputs;
  }

  /** How much the request matters under overload. */
  public Priority priority() {
    return priority;
  }

  /** Whether an answer without all scores is welcome at the deadline. */
  public boolean allowPartial() {
    return allowPartial;
  }

  /** Number of columns, context and candidates together. */
  public int columnCount() {
    return columnCount;
  }

  /** A column's name in quotes, for messages. */
  public String columnName(int column) {
    return Quoted.utf8(bytes, get(column, NAME_AT), get(column, NAME_LENGTH));
  }

  /**
   * The most values that a column can hold, or row lengths if it is ragged: what takes the fewest
   * bytes. Known without decoding, so that a message which can't be right costs no memory.
   */
  public int mostValues(int column) {
    int length = get(column, VALUES_LENGTH);
    return switch (get(column, KIND)) {
      case FeatureColumn.FLOAT_VALUES_FIELD_NUMBER -> length / Float.BYTES;
      case FeatureColumn.STRING_VALUES_FIELD_NUMBER -> length / 2;
      default -> length;
    };
  }

  /** The message; what the positions below count in. */
  public byte[] bytes() {
    return bytes;
  }

  /** Where a column's name starts. */
  public int nameAt(int column) {
    return get(column, NAME_AT);
  }

  /** Bytes of a column's name. */
  public int nameLength(int column) {
    return get(column, NAME_LENGTH);
  }

  /** Field number of the {@code values} oneof, or 0 if the column has no values. */
  public int kind(int column) {
    return get(column, KIND);
  }

  int valuesAt(int column) {
    return get(column, VALUES_AT);
  }

  int valuesEnd(int column) {
    return get(column, VALUES_AT) + get(column, VALUES_LENGTH);
  }

  /** Whether a column came once for all candidates. */
  public boolean isContext(int column) {
    return get(column, SECTION) == CONTEXT;
  }

  /** Field number of the {@code ids} oneof, or 0 if there are no ids. */
  public int idsKind() {
    return idsKind;
  }

  /** Where the ids' submessage starts in the bytes. */
  int idsAt() {
    return idsAt;
  }

  int idsEnd() {
    return idsAt + idsLength;
  }

  private int get(int column, int what) {
    return columns[column * STRIDE + what];
  }

  private String text(int at, int length) {
    return new String(bytes, at, length, StandardCharsets.UTF_8);
  }

  private void readRequest(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case RankRequest.REQUEST_ID_FIELD_NUMBER -> requestId = readText(in, tag);
        case RankRequest.MODEL_FIELD_NUMBER -> readModel(in, enter(in, tag));
        case RankRequest.CONTEXT_FIELD_NUMBER -> readColumn(in, enter(in, tag), CONTEXT);
        case RankRequest.CANDIDATES_FIELD_NUMBER -> readCandidates(in, enter(in, tag));
        case RankRequest.TOP_K_FIELD_NUMBER -> topK = (int) readVarint(in, tag);
        case RankRequest.OUTPUTS_FIELD_NUMBER -> {
          if (outputs.isEmpty()) {
            outputs = new ArrayList<>();
          } else if (outputs.size() == MAX_OUTPUTS) {
            throw new InvalidProtocolBufferException("more than " + MAX_OUTPUTS + " outputs");
          }
          outputs.add(readText(in, tag));
        }
        case RankRequest.PRIORITY_FIELD_NUMBER -> priority = priority(readVarint(in, tag));
        case RankRequest.ALLOW_PARTIAL_FIELD_NUMBER -> allowPartial = readVarint(in, tag) != 0;
        default -> skip(in, tag);
      }
    }
  }

  /** Values that are not known yet mean NORMAL, as an older server would have it. */
  private static Priority priority(long number) {
    return number == PRIORITY_CRITICAL_VALUE
        ? Priority.CRITICAL
        : number == PRIORITY_SHEDDABLE_VALUE ? Priority.SHEDDABLE : Priority.NORMAL;
  }

  private void readModel(CodedInputStream in, int outer) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case ModelSpec.NAME_FIELD_NUMBER -> modelName = readText(in, tag);
        case ModelSpec.VERSION_FIELD_NUMBER -> {
          version = readVarint(in, tag);
          label = "";
        }
        case ModelSpec.LABEL_FIELD_NUMBER -> {
          label = readText(in, tag);
          version = 0;
        }
        default -> skip(in, tag);
      }
    }
    leave(in, outer);
  }

  private void readCandidates(CodedInputStream in, int outer) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case CandidateBatch.COUNT_FIELD_NUMBER -> {
          long count = readVarint(in, tag) & 0xFFFF_FFFFL;
          rows = (int) Math.min(count, Integer.MAX_VALUE);
        }
        case CandidateBatch.IDS_FIELD_NUMBER -> readIds(in, enter(in, tag));
        case CandidateBatch.COLUMNS_FIELD_NUMBER -> readColumn(in, enter(in, tag), CANDIDATES);
        default -> skip(in, tag);
      }
    }
    leave(in, outer);
  }

  private void readIds(CodedInputStream in, int outer) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case CandidateIds.INT64_IDS_FIELD_NUMBER, CandidateIds.STRING_IDS_FIELD_NUMBER -> {
          idsKind = tag >>> 3;
          idsLength = readLength(in, tag);
          idsAt = in.getTotalBytesRead();
          in.skipRawBytes(idsLength);
        }
        default -> skip(in, tag);
      }
    }
    leave(in, outer);
  }

  private void readColumn(CodedInputStream in, int outer, int section) throws IOException {
    if (columnCount == MAX_COLUMNS) {
      throw new InvalidProtocolBufferException("more than " + MAX_COLUMNS + " columns");
    }
    int base = columnCount * STRIDE;
    if (base + STRIDE > columns.length) {
      columns = Arrays.copyOf(columns, columns.length * 2);
    }
    Arrays.fill(columns, base, base + STRIDE, 0);
    columns[base + SECTION] = section;
    columnCount++;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = tag >>> 3;
      if (field == FeatureColumn.NAME_FIELD_NUMBER) {
        columns[base + NAME_LENGTH] = readLength(in, tag);
        columns[base + NAME_AT] = in.getTotalBytesRead();
        in.skipRawBytes(columns[base + NAME_LENGTH]);
      } else if (field >= FeatureColumn.INT64_VALUES_FIELD_NUMBER
          && field <= FeatureColumn.RAW_FIELD_NUMBER) {
        columns[base + KIND] = field;
        columns[base + VALUES_LENGTH] = readLength(in, tag);
        columns[base + VALUES_AT] = in.getTotalBytesRead();
        in.skipRawBytes(columns[base + VALUES_LENGTH]);
      } else {
        skip(in, tag);
      }
    }
    leave(in, outer);
  }

  /**
   * Narrows the stream to the submessage that starts here; returns the limit for {@link #leave}.
   */
  private static int enter(CodedInputStream in, int tag) throws IOException {
    return in.pushLimit(readLength(in, tag));
  }

  private static void leave(CodedInputStream in, int outer) throws IOException {
    in.checkLastTagWas(0);
    in.popLimit(outer);
  }

  private static int readLength(CodedInputStream in, int tag) throws IOException {
    expect(tag, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    int length = in.readRawVarint32();
    if (length < 0) {
      throw new InvalidProtocolBufferException("a negative length");
    }
    return length;
  }

  private String readText(CodedInputStream in, int tag) throws IOException {
    int length = readLength(in, tag);
    int at = in.getTotalBytesRead();
    in.skipRawBytes(length);
    return text(at, length);
  }

  private static long readVarint(CodedInputStream in, int tag) throws IOException {
    expect(tag, WireFormat.WIRETYPE_VARINT);
    return in.readRawVarint64();
  }

  private static void expect(int tag, int wireType) throws InvalidProtocolBufferException {
    if ((tag & 7) != wireType) {
      throw new InvalidProtocolBufferException(
          "field " + (tag >>> 3) + " has wire type " + (tag & 7) + " (expected: " + wireType + ")");
    }
  }

  private static void skip(CodedInputStream in, int tag) throws IOException {
    if (!in.skipField(tag)) {
      throw new InvalidProtocolBufferException("an end-group tag without its start");
    }
  }
}
