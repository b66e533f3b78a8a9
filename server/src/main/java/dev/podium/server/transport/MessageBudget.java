package dev.podium.server.transport;

import io.grpc.Metadata;
import io.grpc.Status;

/**
 * Memory for what is being received and for answers that aren't sent so far, over all connections.
 * Thread-safe.
 */
public interface MessageBudget {
  /**
   * Makes room for more of a message.
   *
   * @param more bytes that have arrived
   * @param held what the same call holds already
   * @return false if there is none; otherwise {@link #give} follows
   */
  boolean take(long more, long held);

  /** Counts bytes that are there in any case; {@link #give} follows. */
  void add(long bytes);

  /** Gives back what was taken or added. */
  void give(long bytes);

  /** How a call ends that {@link #take} refused. */
  Refusal refusal();

  /**
   * A call's end.
   *
   * @param trailers may say when to try again
   */
  record Refusal(Status status, Metadata trailers) {}
}
