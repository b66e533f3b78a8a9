package dev.podium.server.feature.assembly;

import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.wire.TensorDatatype;

/** The Open Inference Protocol's datatypes beside those of graphs. */
public final class Datatypes {
  private Datatypes() {}

  /** The datatype that a graph's tensors of a type are described with. */
  public static TensorDatatype of(TensorDtype type) {
    return switch (type) {
      case INT32 -> TensorDatatype.INT32;
      case INT64 -> TensorDatatype.INT64;
      case FLOAT -> TensorDatatype.FP32;
      case DOUBLE -> TensorDatatype.FP64;
      case BOOL -> TensorDatatype.BOOL;
      case STRING -> TensorDatatype.BYTES;
    };
  }

  /** Whether every value of a datatype is one of the type's. */
  static boolean fills(TensorDatatype datatype, TensorDtype type) {
    return switch (type) {
      case STRING -> datatype == TensorDatatype.BYTES;
      case BOOL -> datatype == TensorDatatype.BOOL;
      case FLOAT -> datatype == TensorDatatype.FP32;
      case DOUBLE -> datatype == TensorDatatype.FP64 || datatype == TensorDatatype.FP32;
      case INT64 -> datatype.isInteger();
      case INT32 ->
          datatype.isInteger()
              && datatype != TensorDatatype.INT64
              && datatype != TensorDatatype.UINT32;
    };
  }
}
