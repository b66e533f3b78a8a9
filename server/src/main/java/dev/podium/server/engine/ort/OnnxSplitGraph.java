package dev.podium.server.engine.ort;

import dev.podium.graph.onnx.TensorInfo;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.bag.LoadedBag;
import dev.podium.server.engine.tune.SplitGraph;
import dev.podium.server.fault.ModelException;
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
 * A split graph in sessions of ONNX Runtime. Thread-safe as those are; closed once.
 *
 * @param runners of the graph that was split
 * @param forms the two halves, for histories of growing length; the last takes all
 * @param bags what is added up before the candidate half runs, in any form
 * @param rowsForm whether rows of different contexts run through the candidate half, too, or
 *     through the exported graph
 * @param writer writes the halves to a folder
 */
record OnnxSplitGraph(
    RunnerMaker runners, List<SplitForm> forms, List<LoadedBag> bags, Form rowsForm, Writer writer)
    implements SplitGraph {
  /** Writes halves that need nothing but the runtime. */
  @FunctionalInterface
  interface Writer {
    void write(Path folder) throws IOException;
  }

  OnnxSplitGraph {
    forms = List.copyOf(forms);
    bags = List.copyOf(bags);
  }

  /** The same with a form for shorter histories. */
  OnnxSplitGraph withShorter(SplitForm form) {
    List<SplitForm> all = new ArrayList<>(forms);
    all.add(0, form);
    return new OnnxSplitGraph(runners, all, bags, rowsForm, writer);
  }

  /** The form that takes histories of all lengths. */
  SplitForm last() {
    return forms.get(forms.size() - 1);
  }

  @Override
  public List<TensorSpec> shortestInputs() {
    return forms.get(0).inputs();
  }

  @Override
  public boolean canTakeWholeRows() {
    return last().context() == null;
  }

  @Override
  public SplitGraph withWholeRows() {
    return new OnnxSplitGraph(runners, forms, bags, Form.WHOLE, writer);
  }

  @Override
  public TensorBuffers candidateBuffers(int capacity) {
    List<TensorSpec> read = new ArrayList<>(runners.inputs());
    for (LoadedBag loaded : bags) {
      for (TensorInfo sum : loaded.bag().sums()) {
        List<Integer> row = sum.shape().stream().skip(1).map(Math::toIntExact).toList();
        read.add(new TensorSpec(sum.name(), TensorDtype.FLOAT, row));
      }
    }
    return new TensorBuffers(read, capacity);
  }

  @Override
  public TileRunner newRunner(int capacity) {
    return runners.runner(this, ContextCache.NONE, capacity);
  }

  @Override
  public long copiedBytes() {
    return sessions().mapToLong(Sessions::copiedBytes).sum();
  }

  @Override
  public void complete(int count) throws ModelException {
    for (Sessions sessions : sessions().toList()) {
      sessions.complete(count);
    }
  }

  private Stream<Sessions> sessions() {
    return forms.stream()
        .flatMap(form -> Stream.of(form.context(), form.candidates()))
        .filter(Objects::nonNull);
  }

  @Override
  public void closeShortest() {
    forms.get(0).close();
  }

  @Override
  public void close() {
    forms.forEach(SplitForm::close);
  }
}
