package dev.podium.server.repository.loader;

import dev.podium.ranking.v1.RankRequest;
import dev.podium.server.engine.Probe;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.AssemblyTally;
import dev.podium.server.feature.assembly.Binding;
import dev.podium.server.feature.assembly.FeatureAssembler;
import dev.podium.server.feature.assembly.RankBinding;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.wire.RankMessage;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns the requests that lie in a version folder into inputs for the engine to try its forms with.
 */
final class WarmUp {
  private WarmUp() {}

  /**
   * Assembles each request.
   *
   * @throws ModelException if one of them is wrong: the version's own examples must work
   */
  static List<Probe> probes(Signature signature, List<RankRequest> requests) throws ModelException {
    FeatureAssembler assembler = new FeatureAssembler(signature);
    AssemblyTally tally = new AssemblyTally(signature);
    List<Probe> probes = new ArrayList<>();
    for (RankRequest request : requests) {
      byte[] bytes = request.toByteArray();
      try {
        RankMessage wire = RankMessage.parse(bytes, bytes.length);
        Binding binding = RankBinding.of(wire, signature);
        if (binding.rows() > 0) {
          TensorBuffers rows = new TensorBuffers(signature.inputs(), binding.rows());
          binding.fill(assembler, null, rows, 0, tally);
          probes.add(new Probe(rows, binding.rows(), binding.sharesContext()));
        }
      } catch (RankException e) {
        throw new ModelException("warm-up: " + e.getMessage(), e);
      }
    }
    return probes;
  }
}
