package dev.podium.server.repository;

import dev.podium.ranking.v1.RankRequest;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.AssemblyTally;
import dev.podium.server.feature.FeatureAssembler;
import dev.podium.server.feature.Signature;
import dev.podium.server.feature.WireRequest;
import java.util.List;

/**
 * Runs requests before a version serves, so that the first caller doesn't pay for cold code and
 * cold memory.
 */
final class WarmUp {
  private WarmUp() {}

  /**
   * Runs each request once.
   *
   * @throws ModelException if one of them fails: the version's own examples must work
   */
  static void run(RankingSession session, Signature signature, List<RankRequest> requests)
      throws ModelException {
    int largest = 1;
    for (RankRequest request : requests) {
      largest = Math.max(largest, request.getCandidates().getCount());
    }
    FeatureAssembler assembler = new FeatureAssembler(signature);
    AssemblyTally tally = new AssemblyTally(signature);
    try (TileRunner runner = session.newRunner(largest)) {
      if (requests.isEmpty()) {
        runner.run(1);
      }
      for (RankRequest request : requests) {
        byte[] bytes = request.toByteArray();
        WireRequest wire = WireRequest.parse(bytes, bytes.length);
        signature.resolve(wire);
        if (wire.rows() > 0) {
          assembler.assemble(wire, null, runner.rows(), 0, tally);
          runner.run(wire.rows());
        }
      }
    } catch (RankException e) {
      throw new ModelException("warm-up: " + e.getMessage(), e);
    }
  }
}
