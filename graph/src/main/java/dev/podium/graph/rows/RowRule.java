package dev.podium.graph.rows;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.podium.graph.onnx.Attributes;
import java.util.ArrayList;
import java.util.List;

/** How the sets of rows of an operator's results follow from those of its inputs. */
@FunctionalInterface
interface RowRule {
  /**
   * The results in order; trailing ones may be left out if nobody can use them.
   *
   * @throws Untraceable if this use of the operator can't be followed
   */
  List<Traced> apply(Call call);

  /**
   * One use of an operator.
   *
   * @param inputs null where an optional one is absent
   * @param varying for each input, which axes have another length with another number of rows
   * @param opset version of the default operator set; 0 for operators of other sets
   */
  record Call(NodeProto node, List<Traced> inputs, List<boolean[]> varying, long opset) {
    Traced in(int i) {
      Traced input = i < inputs.size() ? inputs.get(i) : null;
      if (input == null) {
        throw new Untraceable("input " + i + " is not there");
      }
      return input;
    }

    boolean has(int i) {
      return i < inputs.size() && inputs.get(i) != null;
    }

    /** The inputs that are there. */
    List<Traced> present() {
      List<Traced> present = new ArrayList<>();
      for (Traced input : inputs) {
        if (input != null) {
          present.add(input);
        }
      }
      return present;
    }

    boolean varies(int input, int axis) {
      return varying.get(input)[axis];
    }

    AttributeProto attribute(String name) {
      return Attributes.find(node, name);
    }

    long integer(String name, long absent) {
      return Attributes.integer(node, name, absent);
    }

    String text(String name, String absent) {
      AttributeProto attribute = attribute(name);
      return attribute == null ? absent : attribute.getS().toStringUtf8();
    }

    /** Null if absent. */
    long[] integers(String name) {
      AttributeProto attribute = attribute(name);
      return attribute == null
          ? null
          : attribute.getIntsList().stream().mapToLong(Long::longValue).toArray();
    }

    /** An attribute that became an input in a later operator set; null if neither is there. */
    long[] integers(String name, int input) {
      return has(input) ? in(input).wholeNumbers(name) : integers(name);
    }
  }
}
