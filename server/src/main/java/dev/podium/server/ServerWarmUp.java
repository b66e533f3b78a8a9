package dev.podium.server;

import dev.podium.server.repository.ModelRepository;
import dev.podium.server.rpc.RankingRpc;
import dev.podium.server.rpc.RequestDispatcher;
import dev.podium.server.rpc.WarmUpCalls;
import dev.podium.server.transport.EventLoops;
import dev.podium.server.transport.PrivateTransport;
import dev.podium.server.transport.TransportServices;
import java.io.IOException;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Ranks the models' examples for a while before anyone can call, on the way that callers' requests
 * take: the classes are loaded, the hot methods compiled and the workers' buffers made by the time
 * of the first request. Does nothing for models without examples.
 */
final class ServerWarmUp {
  private static final Logger LOG = Logger.getLogger(ServerWarmUp.class.getName());

  private ServerWarmUp() {}

  /**
   * Runs it; a failure is logged and harms nothing.
   *
   * @param desk what the requests pass
   * @param nanos how long; 0 for not at all
   */
  static void run(
      RequestDispatcher desk,
      ModelRepository repository,
      EventLoops loops,
      long nanos,
      LongSupplier clock) {
    if (nanos == 0) {
      return;
    }
    TransportServices services =
        new TransportServices(List.of(new RankingRpc(desk)), List.of(), List.of());
    try (PrivateTransport transport = PrivateTransport.start(services, loops)) {
      WarmUpCalls.Result result = WarmUpCalls.run(transport.channel(), repository, nanos, clock);
      if (result.failure() == null) {
        LOG.log(Level.INFO, "warmed up with {0} requests", Integer.toString(result.answered()));
      } else {
        LOG.log(
            Level.WARNING,
            "warm-up stopped after {0} requests: {1}",
            new Object[] {Integer.toString(result.answered()), result.failure().getMessage()});
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "no warm-up: {0}", e.getMessage());
    }
  }
}
