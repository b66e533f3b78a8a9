package dev.podium.server;

import dev.podium.server.admission.Admission;
import dev.podium.server.fault.RankException;
import dev.podium.server.rpc.Statuses;
import dev.podium.server.transport.MessageBudget;

/** Counts what arrives and leaves against the bound on the bytes of requests in flight. */
record AdmittedMessages(Admission admission) implements MessageBudget {
  @Override
  public boolean take(long more, long held) {
    return admission.tryReceive(more, held);
  }

  @Override
  public void add(long bytes) {
    admission.hold(bytes);
  }

  @Override
  public void give(long bytes) {
    admission.release(bytes);
  }

  @Override
  public Refusal refusal() {
    RankException why = admission.tooManyBytes();
    return new Refusal(Statuses.status(why), Statuses.trailers(why));
  }
}
