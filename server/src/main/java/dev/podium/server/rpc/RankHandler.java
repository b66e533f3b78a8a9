package dev.podium.server.rpc;

import dev.podium.server.admission.Admission;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.WireRequest;
import dev.podium.server.repository.LoadedVersion;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.schedule.RankTask;
import dev.podium.server.schedule.TileScheduler;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Takes one request from bytes to the scheduler: makes room for it, finds the columns, the model
 * and the outputs, and refuses what can be refused so far. Thread-safe; the same for every way that
 * requests arrive.
 */
final class RankHandler {
  private final ModelRepository repository;
  private final TileScheduler scheduler;
  private final Admission admission;
  private final LongSupplier clock;
  private final int maxCandidates;

  RankHandler(
      ModelRepository repository,
      TileScheduler scheduler,
      Admission admission,
      LongSupplier clock,
      int maxCandidates) {
    this.repository = repository;
    this.scheduler = scheduler;
    this.admission = admission;
    this.clock = clock;
    this.maxCandidates = maxCandidates;
  }

  /**
   * Handles one request.
   *
   * @param bytes given back to their pool when the request has ended
   * @param deadlineNanos on the scheduler's clock
   * @param lender runs a small request on the calling thread, after this has returned
   * @return what cancels it; null if it has been answered already
   */
  RankTask handle(
      MessageBytes bytes, long deadlineNanos, RankResponder responder, Executor lender) {
    long arrival = clock.getAsLong();
    if (!admission.tryReceive(bytes.length())) {
      bytes.release();
      responder.refuse("", admission.tooManyBytes());
      return null;
    }
    PendingRequest pending = new PendingRequest(admission, bytes, responder);
    try {
      WireRequest request = WireRequest.parse(bytes.array(), bytes.length());
      pending.parsed(request);
      checkSize(request);
      LoadedVersion version = acquire(request);
      pending.acquired(version);
      if (request.rows() > 0) {
        pending.admitted(admission.admit(version.model(), request.rows(), request.priority()));
      }
      version.signature().resolve(request);
      pending.resolve();
      if (request.rows() == 0) {
        pending.succeedEmpty();
        return null;
      }
      RankTask task =
          new RankTask(
              version.scheduled(),
              request,
              arrival,
              deadlineNanos,
              request.priority(),
              request.allowPartial(),
              pending);
      scheduler.submit(task, lender);
      return task;
    } catch (RankException e) {
      pending.failed(e);
      return null;
    }
  }

  private void checkSize(WireRequest request) throws RankException {
    if (request.rows() > maxCandidates) {
      throw new RankException(
          FaultCode.RESOURCE_EXHAUSTED,
          "candidates.count: " + request.rows() + " (expected: at most " + maxCandidates + ")");
    }
    if (request.topK() < 0) {
      throw RankException.invalid("top_k: " + request.topK() + " (expected: 0 or more)");
    }
  }

  private LoadedVersion acquire(WireRequest request) throws RankException {
    if (request.modelName().isEmpty()) {
      throw RankException.invalid("model.name: empty (expected: the name of a model)");
    }
    if (request.version() < 0) {
      throw RankException.invalid("model.version: " + request.version() + " (expected: 1 or more)");
    }
    return repository.acquire(request.modelName(), request.version(), request.label());
  }
}
