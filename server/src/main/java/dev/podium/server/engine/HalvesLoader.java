package dev.podium.server.engine;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.graph.Compilation;
import dev.podium.graph.CompilerOptions;
import dev.podium.graph.ContextInputs;
import dev.podium.graph.EmbeddingBag;
import dev.podium.graph.OnnxGraph;
import dev.podium.graph.Pass;
import dev.podium.graph.RankingCompiler;
import dev.podium.server.feature.Feature;
import dev.podium.server.feature.Role;
import dev.podium.server.feature.Signature;
import dev.podium.server.feature.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Compiles a model's graph by what its signature says is context, and loads the halves beside it.
 */
final class HalvesLoader {
  private final OrtEnvironment environment;
  private final OnnxEngine.SessionMaker sessions;
  private final Path file;
  private final OnnxGraph graph;
  private final ContextInputs context;
  private final CompilerOptions everything;

  HalvesLoader(
      OrtEnvironment environment,
      OnnxEngine.SessionMaker sessions,
      Path file,
      Signature signature,
      CompileOptions options)
      throws IOException {
    this.environment = environment;
    this.sessions = sessions;
    this.file = file;
    this.graph = OnnxGraph.read(file);
    this.context = contextInputs(signature);
    this.everything = shapes(signature.inputs()).withMaxTableBytes(options.maxTableBytes());
  }

  /** Whether the signature has context features at all. */
  boolean hasContext() {
    return !context.wholeInputs().isEmpty() || !context.columnRanges().isEmpty();
  }

  Compilation compile(List<Pass> without) {
    return new RankingCompiler()
        .compile(graph, context, everything.without(without.toArray(Pass[]::new)));
  }

  /**
   * Loads what {@link #compile} gave.
   *
   * @param without as there
   */
  Halves load(Compilation.Split split, List<Pass> without) throws OrtException {
    List<LoadedBag> bags = new ArrayList<>();
    for (EmbeddingBag bag : split.bags()) {
      try (OrtSession table = load(bag.table())) {
        bags.add(LoadedBag.of(bag, table));
      }
    }
    OrtSession candidates = load(split.candidateHalf());
    try {
      OrtSession first = split.boundary().isEmpty() ? null : load(split.contextHalf());
      return new Halves(first, candidates, List.copyOf(bags), writer(without));
    } catch (OrtException e) {
      OnnxSession.close(candidates);
      throw e;
    }
  }

  /** Compiles anew from the file, so that the weights need not stay in memory until then. */
  private Halves.Writer writer(List<Pass> without) {
    Path exported = file;
    ContextInputs inputs = context;
    CompilerOptions options =
        everything.without(without.toArray(Pass[]::new)).without(Pass.EMBEDDING_BAGS);
    return folder -> {
      Compilation compilation =
          new RankingCompiler().compile(OnnxGraph.read(exported), inputs, options);
      if (!(compilation instanceof Compilation.Split split)) {
        throw new IOException(exported + ": changed since it was loaded");
      }
      Files.createDirectories(folder);
      split.contextHalf().write(folder.resolve("context.onnx"));
      split.candidateHalf().write(folder.resolve("candidates.onnx"));
    };
  }

  private OrtSession load(OnnxGraph half) throws OrtException {
    try (OrtSession.SessionOptions options = sessions.make()) {
      // A half lies in memory, but its weights may lie in files beside the exported graph.
      options.addConfigEntry(
          "session.model_external_initializers_file_folder_path",
          file.toAbsolutePath().getParent().toString());
      return environment.createSession(half.toBytes(), options);
    }
  }

  private static ContextInputs contextInputs(Signature signature) {
    ContextInputs.Builder context = ContextInputs.builder();
    for (int input = 0; input < signature.inputs().size(); input++) {
      String name = signature.inputs().get(input).name();
      int index = input;
      List<Feature> filling =
          signature.features().stream().filter(f -> f.input() == index).toList();
      if (filling.stream().allMatch(f -> f.role() == Role.CONTEXT)) {
        context.input(name);
      } else {
        for (Feature feature : filling) {
          if (feature.role() == Role.CONTEXT) {
            context.columns(name, feature.column(), feature.column() + feature.width());
          }
        }
      }
    }
    return context.build();
  }

  private static CompilerOptions shapes(List<TensorSpec> inputs) {
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
