package dev.podium.server.engine;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;

/**
 * Runs tiles of one session for one worker: owns the input buffers, the output buffers and the run
 * options, and keeps them for its lifetime. Not thread-safe, but for {@link #terminate()}.
 *
 * <p>The exported form takes whole rows: fill {@link #rows()} and call {@link #run}. The split form
 * ({@link Form#SPLIT}) computes the context half once a request: fill {@link #contextRow()}, call
 * {@link #runContext}, then for each tile fill {@link #candidateRows()} and call {@link
 * #runCandidates}, on this runner or on any other of the same session. Scores are read with {@link
 * #readScores} before the next run.
 */
public interface TileRunner extends AutoCloseable {
  /** Inputs of the exported form: context and candidate features, row by row. */
  TensorBuffers rows();

  /** Inputs of the context half: one row. Null if the session isn't split. */
  TensorBuffers contextRow();

  /**
   * Inputs of the candidate half, row by row; has all inputs of the session, of which the context
   * features are not read. Null if the session isn't split.
   */
  TensorBuffers candidateRows();

  /**
   * Scores the first rows of {@link #rows()}, with the exported graph or with what proved to be the
   * same and faster.
   *
   * @throws RankException CANCELLED after {@link #terminate()}, INTERNAL if the runtime failed
   */
  void run(int rows) throws RankException;

  /**
   * Computes the context half of {@link #contextRow()}. The caller owns the result and closes it
   * once, after the last tile that uses it.
   *
   * @throws RankException as {@link #run}
   */
  ContextTensors runContext() throws RankException;

  /**
   * Scores the first rows of {@link #candidateRows()} with the candidate half.
   *
   * @throws RankException as {@link #run}
   */
  void runCandidates(ContextTensors context, int rows) throws RankException;

  /**
   * SessionCopies scores of the last run.
   *
   * @param output index in {@link RankingSession#outputs()}
   * @param row first row of the run
   * @param rows number of rows
   * @param target receives {@code rows * width} values, row-major
   * @param offset where the first goes
   */
  void readScores(int output, int row, int rows, float[] target, int offset);

  /**
   * Stops the run in progress, if there is one; may be called from any thread. A run that starts
   * later is not affected: the run's caller calls {@link #rearm()} first.
   */
  void terminate();

  /** Undoes {@link #terminate()}. Called by the owner between runs. */
  void rearm();

  @Override
  void close();
}
