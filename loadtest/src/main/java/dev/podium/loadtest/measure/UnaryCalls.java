package dev.podium.loadtest.measure;

import dev.podium.loadtest.protocol.Connections;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/** Unary gRPC calls, connection after connection in turn. Thread-safe. */
public final class UnaryCalls implements Transport {
  private final LongFunction<? extends Channel> channels;
  private final Supplier<Metadata> headers;
  private final MethodDescriptor<byte[], byte[]> method;
  private final AtomicLong calls = new AtomicLong();

  /** A transport over open connections, which it does not close. */
  public UnaryCalls(Connections connections, MethodDescriptor<byte[], byte[]> method) {
    this(connections::channel, connections.security()::metadata, method);
  }

  UnaryCalls(
      LongFunction<? extends Channel> channels,
      Supplier<Metadata> headers,
      MethodDescriptor<byte[], byte[]> method) {
    this.channels = channels;
    this.headers = headers;
    this.method = method;
  }

  @Override
  public void send(byte[] request, long timeoutNanos, Completion completion) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(timeoutNanos, TimeUnit.NANOSECONDS);
    ClientCall<byte[], byte[]> call =
        channels.apply(calls.getAndIncrement()).newCall(method, options);
    call.start(new Listener(completion), headers.get());
    call.request(2); // as gRPC's own stubs do: a second message would be an error to be told of
    call.sendMessage(request);
    call.halfClose();
  }

  private static final class Listener extends ClientCall.Listener<byte[]> {
    private final Completion completion;
    private byte[] response;

    Listener(Completion completion) {
      this.completion = completion;
    }

    @Override
    public void onMessage(byte[] message) {
      response = message;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (status.isOk() && response == null) {
        completion.done(Status.INTERNAL.withDescription("OK without a response"), null);
      } else {
        completion.done(status, status.isOk() ? response : null);
      }
    }
  }
}
