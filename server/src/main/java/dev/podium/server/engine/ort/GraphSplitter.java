package dev.podium.server.engine.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.graph.Compilation;
import dev.podium.graph.CompilerOptions;
import dev.podium.graph.ContextInputs;
import dev.podium.graph.EmbeddingBag;
import dev.podium.graph.RankingCompiler;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorInfo;
import dev.podium.graph.pass.DeviceTrait;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.bag.LoadedBag;
import dev.podium.server.engine.device.Device;
import dev.podium.server.engine.tune.SplitGraph;
import dev.podium.server.engine.tune.Splitter;
import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorSpec;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Compiles a model's graph, and loads the halves beside it. Holds the graph's weights. */
final class GraphSplitter implements Splitter {
  private final RunnerMaker runners;
  private final OnnxEngine.OptionsMaker sessionOptions;
  private final GraphFile file;
  private final OnnxGraph graph;
  private final List<TensorSpec> inputs;
  private final ContextInputs context;
  private final long maxTableBytes;
  private final Set<DeviceTrait> traits;

  GraphSplitter(
      RunnerMaker runners,
      OnnxEngine.OptionsMaker sessionOptions,
      GraphFile file,
      OnnxGraph graph,
      Signature signature,
      TuningOptions options,
      Device device) {
    this.runners = runners;
    this.sessionOptions = sessionOptions;
    this.file = file;
    this.graph = graph;
    this.inputs = signature.inputs();
    this.context = contextInputs(signature);
    this.maxTableBytes = options.maxTableBytes();
    this.traits = device.traits();
  }

  @Override
  public boolean isSmall() {
    return graph.model().getSerializedSize() <= maxTableBytes / 2;
  }

  @Override
  public boolean hasContext() {
    return !context.wholeInputs().isEmpty() || !context.columnRanges().isEmpty();
  }

  @Override
  public boolean takes(List<TensorSpec> inputs) {
    Map<String, TensorInfo> rows = new HashMap<>();
    graph.inputs().forEach(input -> rows.put(input.name(), input.ofOneRow()));
    return inputs.stream()
        .allMatch(
            input ->
                rows.get(input.name())
                    .takes(input.rowShape().stream().map(Integer::longValue).toList()));
  }

  @Override
  public Compilation compile(List<String> without, List<TensorSpec> inputs) {
    return new RankingCompiler().compile(graph, context, options(without, inputs));
  }

  private CompilerOptions options(List<String> without, List<TensorSpec> inputs) {
    return shapes(inputs)
        .withMaxTableBytes(maxTableBytes)
        .without(without.toArray(String[]::new))
        .on(traits);
  }

  @Override
  public SplitGraph load(Compilation.Split split, List<String> without) throws ModelException {
    try {
      List<LoadedBag> bags = new ArrayList<>();
      for (EmbeddingBag bag : split.bags()) {
        bags.add(new LoadedBag(bag, table(bag)));
      }
      List<SplitForm> forms = List.of(form(split, inputs));
      return new OnnxSplitGraph(runners, forms, bags, Form.EXPORTED, writer(without, inputs));
    } catch (OrtException e) {
      throw new ModelException(OnnxEngine.oneLine(e), e);
    }
  }

  @Override
  public SplitGraph shorter(SplitGraph graph, Compilation.Split split, List<TensorSpec> inputs)
      throws ModelException {
    try {
      return ((OnnxSplitGraph) graph).withShorter(form(split, inputs));
    } catch (OrtException e) {
      throw new ModelException(OnnxEngine.oneLine(e), e);
    }
  }

  /** Has the runtime compute a bag's table, one array a row. */
  private float[][] table(EmbeddingBag bag) throws OrtException {
    try (OrtSession session = load(file.bytes(bag.table()));
        OrtSession.Result result = session.run(Map.of())) {
      OnnxTensor tensor = (OnnxTensor) result.get(0);
      long[] shape = tensor.getInfo().getShape();
      FloatBuffer values = tensor.getFloatBuffer();
      float[][] table = new float[Math.toIntExact(shape[0])][Math.toIntExact(shape[1])];
      for (float[] row : table) {
        values.get(row);
      }
      return table;
    }
  }

  private SplitForm form(Compilation.Split split, List<TensorSpec> inputs) throws OrtException {
    Sessions candidates = sessions(split.candidateHalf());
    try {
      Sessions first = split.boundary().isEmpty() ? null : sessions(split.contextHalf());
      return new SplitForm(inputs, first, candidates);
    } catch (OrtException e) {
      candidates.close();
      throw e;
    }
  }

  private Sessions sessions(OnnxGraph half) throws OrtException {
    byte[] bytes = file.bytes(half);
    long copied = half.copiedBytes();
    return new Sessions(load(bytes), () -> copied, () -> load(bytes));
  }

  /** Compiles anew from the file, so that the weights need not stay in memory until then. */
  private OnnxSplitGraph.Writer writer(List<String> without, List<TensorSpec> inputs) {
    Path exported = file.path();
    ContextInputs shared = context;
    // For any runtime: one that does no more than run the graphs.
    CompilerOptions options = options(without, inputs).on(Set.of());
    return folder -> {
      Compilation compilation =
          new RankingCompiler().compile(OnnxGraph.read(exported), shared, options);
      if (!(compilation instanceof Compilation.Split split)) {
        throw new IOException(exported + ": changed since it was loaded");
      }
      Files.createDirectories(folder);
      split.contextHalf().write(folder.resolve("context.onnx"));
      split.candidateHalf().write(folder.resolve("candidates.onnx"));
      Set<String> weights = new TreeSet<>(split.contextHalf().externalFiles());
      weights.addAll(split.candidateHalf().externalFiles());
      for (String name : weights) {
        place(exported.resolveSibling(name), folder.resolve(name));
      }
    };
  }

  /** Puts a file of weights beside halves that refer to it: as a link where that can be. */
  private static void place(Path weights, Path target) throws IOException {
    if (Files.exists(target) && Files.isSameFile(weights, target)) {
      return;
    }
    Files.createDirectories(target.toAbsolutePath().getParent());
    Files.deleteIfExists(target);
    try {
      // Of a link's own name a hard link would be a second link, which may lead nowhere from here.
      Files.createLink(target, weights.toRealPath());
    } catch (UnsupportedOperationException | FileSystemException e) {
      Files.copy(weights, target);
    }
  }

  private OrtSession load(byte[] half) throws OrtException {
    try (OrtSession.SessionOptions options = sessionOptions.make()) {
      return file.open(runners.environment(), half, options);
    }
  }

  /** Which inputs and columns the signature fills once a request. */
  static ContextInputs contextInputs(Signature signature) {
    ContextInputs.Builder context = ContextInputs.builder();
    for (int input = 0; input < signature.inputs().size(); input++) {
      String name = signature.inputs().get(input).name();
      int index = input;
      List<Feature> filling =
          signature.features().stream().filter(f -> f.input() == index).toList();
      if (filling.stream().allMatch(f -> f.role() == FeatureRole.CONTEXT)) {
        context.input(name);
      } else {
        for (Feature feature : filling) {
          if (feature.role() == FeatureRole.CONTEXT) {
            context.columns(name, feature.column(), feature.column() + feature.width());
          }
        }
      }
    }
    return context.build();
  }

  /** All passes, for inputs of these shapes. */
  static CompilerOptions shapes(List<TensorSpec> inputs) {
    CompilerOptions options = CompilerOptions.defaults();
    for (TensorSpec input : inputs) {
      if (!input.rowShape().isEmpty()) {
        options =
            options.withInputShape(
                input.name(), input.rowShape().stream().mapToLong(Integer::longValue).toArray());
      }
    }
    return options;
  }
}
