package dev.podium.server.engine;

import dev.podium.graph.onnx.TensorInfo;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A compiled graph, loaded. Thread-safe as sessions are; closed once.
 *
 * @param forms the two halves, for histories of growing length; the last takes all
 * @param bags what is added up before the candidate half runs, in any form
 * @param wholeRows whether rows of different contexts run through the candidate half, too, instead
 *     of the exported graph
 * @param writer writes the halves to a folder
 */
record Halves(List<SplitForm> forms, List<LoadedBag> bags, boolean wholeRows, Writer writer)
    implements AutoCloseable {
  /** Writes halves that need nothing but the runtime. */
  @FunctionalInterface
  interface Writer {
    void write(Path folder) throws IOException;
  }

  Halves {
    forms = List.copyOf(forms);
    bags = List.copyOf(bags);
  }

  /** The same with a form for shorter histories. */
  Halves withShorter(SplitForm form) {
    List<SplitForm> all = new ArrayList<>(forms);
    all.add(0, form);
    return new Halves(all, bags, wholeRows, writer);
  }

  /** The form that takes histories of all lengths. */
  SplitForm last() {
    return forms.get(forms.size() - 1);
  }

  /** The sessions of all forms. */
  List<Sessions> sessions() {
    return forms.stream()
        .flatMap(form -> Stream.of(form.context(), form.candidates()))
        .filter(Objects::nonNull)
        .toList();
  }

  /** Whether the candidate half needs nothing of a context but its share of the bags' sums. */
  boolean canTakeWholeRows() {
    return last().context() == null;
  }

  /** The same, with whole rows through the candidate half. */
  Halves withWholeRows() {
    return new Halves(forms, bags, true, writer);
  }

  /**
   * Memory for what the candidate half reads: the signature's inputs, then the sums of the bags.
   */
  TensorBuffers candidateBuffers(List<TensorSpec> inputs, int capacity) {
    List<TensorSpec> read = new ArrayList<>(inputs);
    for (LoadedBag loaded : bags) {
      for (TensorInfo sum : loaded.bag().sums()) {
        List<Integer> row = sum.shape().stream().skip(1).map(Math::toIntExact).toList();
        read.add(new TensorSpec(sum.name(), TensorDtype.FLOAT, row));
      }
    }
    return new TensorBuffers(read, capacity);
  }

  @Override
  public void close() {
    forms.forEach(SplitForm::close);
  }
}
