package dev.podium.graph.ir;

import dev.podium.graph.onnx.ElementType;
import java.util.List;
import java.util.Locale;

/** What the printer and the parser agree on: the words for operators, types and roles. */
final class TextForm {
  private TextForm() {}

  /** Kinds of operators that are written as the ONNX type that they hold. */
  static boolean isWrittenAsType(Class<?> kind) {
    return kind == Op.Elementwise.class || kind == Op.Reduce.class || kind == Op.Softmax.class;
  }

  /** Kinds of operators that are written as the thing that they are. */
  static boolean isSource(Class<?> kind) {
    return kind == Op.Input.class || kind == Op.Initialiser.class || kind == Op.Literal.class;
  }

  /** What stands for an operator. */
  static String word(Op op) {
    if (op instanceof Op.Elementwise elementwise) {
      return elementwise.type();
    } else if (op instanceof Op.Reduce reduce) {
      return reduce.type();
    } else if (op instanceof Op.Softmax softmax) {
      return softmax.type();
    }
    return op.getClass().getSimpleName();
  }

  /** The kind of operator that a word stands for: an own one, or that of an ONNX type. */
  static Class<?> kind(String word) {
    if (word.startsWith("Reduce")) {
      return Op.Reduce.class;
    } else if (word.equals("Softmax") || word.equals("LogSoftmax")) {
      return Op.Softmax.class;
    }
    for (Class<?> kind : Op.class.getPermittedSubclasses()) {
      if (kind.getSimpleName().equals(word) && !isWrittenAsType(kind) && !isSource(kind)) {
        return kind;
      }
    }
    return Op.Elementwise.class;
  }

  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** As {@code float32[4, 2]}; without a shape for what is left as exported. */
  static String type(ElementType type, List<Integer> shape) {
    return word(type) + (shape == null ? "" : shape);
  }

  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c == '\n') {
        quoted.append("\\n");
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
