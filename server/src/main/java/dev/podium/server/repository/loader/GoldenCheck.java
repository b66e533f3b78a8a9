package dev.podium.server.repository.loader;

import com.fasterxml.jackson.databind.JsonNode;
import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.repository.loader.WarmUpRequests.Golden;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/**
 * Compares a loaded version with its golden vectors: scores that the training framework gave for
 * some requests. They are the only thing in the folder that can tell that the export itself, or a
 * vocabulary, is wrong.
 */
final class GoldenCheck {
  /** So large a share of the golden scores' standard deviation doesn't change a ranking. */
  private static final double OF_SPREAD = 0.01;

  /** Frameworks round differently. */
  private static final double OF_SCORE = 1e-5;

  private final Path file;
  private final Signature signature;
  private final RankingSession session;

  /**
   * @param file named in messages
   */
  GoldenCheck(Path file, Signature signature, RankingSession session) {
    this.file = file;
    this.signature = signature;
    this.session = session;
  }

  /**
   * Scores each request in each form that serves it.
   *
   * @param probes the requests' rows, in the same order; those without rows left out
   * @return the first score that differs, in one line; null if none does
   * @throws ModelException if the file names an output that the model lacks, or has another number
   *     of scores than there are candidates
   */
  String check(List<Golden> golden, List<Probe> probes) throws ModelException {
    int capacity = probes.stream().mapToInt(Probe::count).max().orElse(1);
    Iterator<Probe> next = probes.iterator();
    try (TileRunner runner = session.newRunner(capacity)) {
      for (Golden one : golden) {
        int rows = one.request().getCandidates().getCount();
        if (rows == 0) {
          continue;
        }
        Probe probe = next.next();
        for (Iterator<String> names = one.scores().fieldNames(); names.hasNext(); ) {
          output(one, names.next(), rows);
        }
        runner.rows().copyRows(probe.rows(), 0, 0, rows);
        runner.run(rows);
        String difference = difference(golden, one, runner, rows, session.plan().rowsForm());
        if (difference == null && session.plan().splits() && probe.sharesContext()) {
          runner.contextRow().copyRows(probe.rows(), 0, 0, 1);
          runner.candidateRows().copyRows(probe.rows(), 0, 0, rows);
          try (ContextTensors context = runner.runContext()) {
            runner.runCandidates(context, rows);
          }
          difference = difference(golden, one, runner, rows, Form.SPLIT);
        }
        if (difference != null) {
          return difference;
        }
      }
      return null;
    } catch (RankException e) {
      throw new ModelException(file + ": " + e.getMessage(), e);
    }
  }

  private Output output(Golden one, String name, int rows) throws ModelException {
    for (Output output : signature.outputs()) {
      if (output.name().equals(name)) {
        int scores = one.scores().get(name).size();
        if (scores != rows * output.width()) {
          throw new ModelException(
              place(one)
                  + ": output '"
                  + name
                  + "': "
                  + scores
                  + " scores (expected: "
                  + rows * output.width()
                  + ", "
                  + output.width()
                  + " for each candidate)");
        }
        return output;
      }
    }
    throw new ModelException(
        place(one)
            + ": output '"
            + name
            + "': not served (expected: one of "
            + signature.outputs().stream().map(Output::name).toList()
            + ")");
  }

  private String difference(
      List<Golden> golden, Golden one, TileRunner runner, int rows, Form form) {
    for (Output output : signature.outputs()) {
      JsonNode expected = one.scores().get(output.name());
      if (expected == null) {
        continue;
      }
      int tensorWidth = session.outputs().get(output.tensor()).rowElements();
      float[] scores = new float[rows * tensorWidth];
      runner.readScores(output.tensor(), 0, rows, scores, 0);
      double spread = spread(golden, output.name());
      for (int i = 0; i < expected.size(); i++) {
        int candidate = i / output.width();
        float score = scores[candidate * tensorWidth + output.column() + i % output.width()];
        double wanted = expected.get(i).asDouble();
        double allowed = OF_SPREAD * spread + OF_SCORE * Math.max(Math.abs(wanted), spread);
        boolean same = Math.abs(score - wanted) <= allowed || Double.compare(score, wanted) == 0;
        if (!same) {
          return place(one)
              + ": candidate "
              + candidate
              + ", output '"
              + output.name()
              + "': "
              + score
              + " as "
              + form.word()
              + " (expected: "
              + wanted
              + ", give or take "
              + (float) allowed
              + ")";
        }
      }
    }
    return null;
  }

  /** Standard deviation of an output's golden scores. */
  private static double spread(List<Golden> golden, String output) {
    long count = 0;
    double mean = 0;
    double squares = 0;
    for (Golden one : golden) {
      for (JsonNode score : one.scores().path(output)) {
        double value = score.asDouble();
        if (Double.isFinite(value)) {
          count++;
          double off = value - mean;
          mean += off / count;
          squares += off * (value - mean);
        }
      }
    }
    return count == 0 ? 0 : Math.sqrt(squares / count);
  }

  private String place(Golden one) {
    return file + ":" + one.line();
  }
}
