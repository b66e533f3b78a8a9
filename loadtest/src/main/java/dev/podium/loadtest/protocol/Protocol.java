package dev.podium.loadtest.protocol;

import dev.podium.ranking.v1.RankRequest;
import io.grpc.MethodDescriptor;
import java.util.Map;

/** One way to ask a server for the scores of a ranking request. Thread-safe. */
public interface Protocol {

  /** As on the command line. */
  String name();

  /** The call that carries a request. */
  MethodDescriptor<byte[], byte[]> method();

  /** A request's bytes on this wire. */
  byte[] encode(RankRequest request);

  /**
   * The scores in a response, in request order, row-major, by output name in the server's order.
   *
   * @throws dev.podium.loadtest.fault.WorkFailedException if the bytes are no response, or hold no
   *     scores
   */
  Map<String, float[]> decode(byte[] response);
}
