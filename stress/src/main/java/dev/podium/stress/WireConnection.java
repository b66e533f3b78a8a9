package dev.podium.stress;

import dev.podium.stress.WireCalls.Call;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2FrameReader;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.AsciiString;
import io.netty.util.collection.IntObjectHashMap;
import java.net.ConnectException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * One connection of {@link WireCalls}: HTTP/2's client side for requests that are sent whole.
 * Netty's own frame reader and header codecs do what is subtle; what is left out is what such calls
 * don't need, above all a state for each stream. Used on its event loop only.
 */
final class WireConnection extends ByteToMessageDecoder {
  private static final AsciiString STATUS = AsciiString.cached("grpc-status");
  private static final AsciiString TIMEOUT = AsciiString.cached("grpc-timeout");

  private static final int END = Http2Flags.END_STREAM;
  private static final int CANCEL = (int) Http2Error.CANCEL.code();
  private static final int SETTING_BYTES = 6;

  /** Before each message of gRPC's. */
  private static final int PREFIX_BYTES = 5;

  private static final int LARGEST_WINDOW = Integer.MAX_VALUE;

  /** What the server may send before it is told that there is room again. */
  private static final int WINDOW = 64 << 20;

  private static final int BATCH_BYTES = 1 << 18;

  private final LongSupplier clock;
  private final Http2FrameReader reader =
      new DefaultHttp2FrameReader(new DefaultHttp2HeadersDecoder(false));

  /** The timeout is another one each time: keeping it would push the rest out of the table. */
  private final Http2HeadersEncoder encoder =
      new DefaultHttp2HeadersEncoder((name, value) -> TIMEOUT.contentEquals(name));

  private final Http2Headers headers;
  private final Frames frames = new Frames();
  private final IntObjectHashMap<Call> open = new IntObjectHashMap<>();
  private final ArrayDeque<Call> byDeadline = new ArrayDeque<>();

  /** Calls that wait for the server's windows. */
  private final ArrayDeque<Call> held = new ArrayDeque<>();

  private ChannelHandlerContext context;
  private ByteBuf out;
  private boolean greeted;
  private boolean goingAway;
  private boolean closed;
  private int nextStream = 1;
  private long maxStreams = Long.MAX_VALUE;
  private int maxFrame = Http2CodecUtil.DEFAULT_MAX_FRAME_SIZE;
  private int streamWindow = Http2CodecUtil.DEFAULT_WINDOW_SIZE;
  private long window = Http2CodecUtil.DEFAULT_WINDOW_SIZE;
  private int received;

  WireConnection(String authority, String path, LongSupplier clock) {
    this.clock = clock;
    this.headers =
        new DefaultHttp2Headers(false)
            .method(AsciiString.cached("POST"))
            .scheme(AsciiString.cached("http"))
            .path(AsciiString.cached(path))
            .authority(AsciiString.cached(authority))
            .add(AsciiString.cached("te"), AsciiString.cached("trailers"))
            .add(AsciiString.cached("content-type"), AsciiString.cached("application/grpc"))
            .add(AsciiString.cached("user-agent"), AsciiString.cached("podium-stress"));
  }

  // ---- Sending ----

  /** Sends a call, or holds it until the server's windows have room. */
  void send(Call call) {
    if (closed || goingAway || context == null) {
      neverSent(call, "no connection");
    } else if (!held.isEmpty() || !write(call)) {
      held.add(call);
    }
  }

  /** Sends what was written since the last time. */
  void flush() {
    if (out != null && out.isReadable() && !closed) {
      context.writeAndFlush(out, context.voidPromise());
      out = null;
    }
  }

  /** Ends the calls whose deadline has come. */
  void expire(long now) {
    for (Call call = held.peek(); call != null && call.deadline <= now; call = held.peek()) {
      held.remove().end(Status.DEADLINE_EXCEEDED.withDescription("never sent"), false);
    }
    Call call = byDeadline.peek();
    while (call != null && (call.ended || call.deadline <= now)) {
      byDeadline.remove();
      if (!call.ended) {
        open.remove(call.stream);
        reset(call.stream);
        call.end(Status.DEADLINE_EXCEEDED.withDescription("by the caller's clock"), false);
      }
      call = byDeadline.peek();
    }
  }

  /** False if there is no room now. */
  private boolean write(Call call) {
    int length = PREFIX_BYTES + call.request.length;
    if (length > streamWindow && greeted) {
      call.end(
          Status.INTERNAL.withDescription(
              "request: " + length + " bytes (expected: at most " + streamWindow + ")"),
          false);
      return true;
    }
    if (!greeted
        || length > window
        || open.size() >= maxStreams
        || !context.channel().isWritable()) {
      return false;
    }
    long timeout = (call.deadline - clock.getAsLong()) / 1000;
    if (timeout <= 0) {
      call.end(Status.DEADLINE_EXCEEDED.withDescription("never sent"), false);
      return true;
    }
    call.stream = nextStream;
    nextStream += 2;
    window -= length;
    open.put(call.stream, call);
    byDeadline.add(call);
    writeHeaders(call.stream, timeout);
    writeData(call.stream, call.request);
    return true;
  }

  private void writeHeaders(int stream, long timeoutMicros) {
    headers.set(TIMEOUT, timeoutMicros + "u");
    ByteBuf buffer = out();
    int start = buffer.writerIndex();
    frameHeader(buffer, 0, Http2FrameTypes.HEADERS, Http2Flags.END_HEADERS, stream);
    try {
      encoder.encodeHeaders(stream, headers, buffer);
    } catch (Http2Exception e) {
      throw new IllegalStateException("headers: can't be encoded: " + e.getMessage(), e);
    }
    buffer.setMedium(start, buffer.writerIndex() - start - Http2CodecUtil.FRAME_HEADER_LENGTH);
  }

  private void writeData(int stream, byte[] request) {
    ByteBuf buffer = out();
    int sent = 0;
    int first = Math.min(request.length, maxFrame - PREFIX_BYTES);
    boolean last = first == request.length;
    frameHeader(buffer, first + PREFIX_BYTES, Http2FrameTypes.DATA, last ? END : 0, stream);
    buffer.writeByte(0).writeInt(request.length).writeBytes(request, 0, first);
    sent += first;
    while (sent < request.length) {
      int length = Math.min(request.length - sent, maxFrame);
      last = sent + length == request.length;
      frameHeader(buffer, length, Http2FrameTypes.DATA, last ? END : 0, stream);
      buffer.writeBytes(request, sent, length);
      sent += length;
    }
  }

  private void reset(int stream) {
    frameHeader(out(), Integer.BYTES, Http2FrameTypes.RST_STREAM, 0, stream);
    out.writeInt(CANCEL);
  }

  private void update(int stream, int bytes) {
    frameHeader(out(), Integer.BYTES, Http2FrameTypes.WINDOW_UPDATE, 0, stream);
    out.writeInt(bytes);
  }

  private static void frameHeader(ByteBuf buffer, int length, int type, int flags, int stream) {
    buffer.writeMedium(length).writeByte(type).writeByte(flags).writeInt(stream);
  }

  private ByteBuf out() {
    if (out == null) {
      out = context.alloc().directBuffer(BATCH_BYTES);
    }
    return out;
  }

  private void sendHeld() {
    while (!held.isEmpty() && write(held.peek())) {
      held.remove();
    }
  }

  // ---- Receiving ----

  @Override
  public void channelActive(ChannelHandlerContext channel) throws Exception {
    context = channel;
    ByteBuf buffer = out();
    buffer.writeBytes(Http2CodecUtil.connectionPrefaceBuf());
    frameHeader(buffer, 2 * SETTING_BYTES, Http2FrameTypes.SETTINGS, 0, 0);
    buffer.writeShort(Http2CodecUtil.SETTINGS_ENABLE_PUSH).writeInt(0);
    buffer.writeShort(Http2CodecUtil.SETTINGS_INITIAL_WINDOW_SIZE).writeInt(LARGEST_WINDOW);
    update(0, WINDOW - Http2CodecUtil.DEFAULT_WINDOW_SIZE);
    flush();
    super.channelActive(channel);
  }

  @Override
  protected void decode(ChannelHandlerContext channel, ByteBuf in, List<Object> nothing)
      throws Exception {
    reader.readFrame(channel, in, frames);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext channel) throws Exception {
    sendHeld();
    flush();
    super.channelReadComplete(channel);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext channel) throws Exception {
    sendHeld();
    flush();
    super.channelWritabilityChanged(channel);
  }

  @Override
  public void channelInactive(ChannelHandlerContext channel) throws Exception {
    lose("the connection was closed");
    super.channelInactive(channel);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext channel, Throwable cause) {
    lose("the connection broke: " + cause.getMessage());
    channel.close();
  }

  private void lose(String why) {
    closed = true;
    List<Call> left = new ArrayList<>(open.values());
    open.clear();
    left.forEach(call -> call.end(Status.UNAVAILABLE.withDescription(why), false));
    held.forEach(call -> neverSent(call, why));
    held.clear();
    byDeadline.clear();
    if (out != null) {
      out.release();
      out = null;
    }
  }

  private static void neverSent(Call call, String why) {
    call.end(Status.UNAVAILABLE.withDescription(why).withCause(new ConnectException(why)), false);
  }

  /** What a server may send to a client that only makes such calls. */
  private final class Frames extends Http2FrameAdapter {
    @Override
    public void onSettingsRead(ChannelHandlerContext channel, Http2Settings settings)
        throws Http2Exception {
      if (settings.maxConcurrentStreams() != null) {
        maxStreams = settings.maxConcurrentStreams();
      }
      if (settings.initialWindowSize() != null) {
        streamWindow = settings.initialWindowSize();
      }
      if (settings.maxFrameSize() != null) {
        maxFrame = settings.maxFrameSize();
      }
      if (settings.headerTableSize() != null) {
        encoder.configuration().maxHeaderTableSize(settings.headerTableSize());
      }
      greeted = true;
      frameHeader(out(), 0, Http2FrameTypes.SETTINGS, Http2Flags.ACK, 0);
    }

    @Override
    public void onPingRead(ChannelHandlerContext channel, long data) {
      frameHeader(out(), Long.BYTES, Http2FrameTypes.PING, Http2Flags.ACK, 0);
      out.writeLong(data);
    }

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext channel, int stream, int increment) {
      if (stream == 0) {
        window += increment;
      }
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext channel, int stream, ByteBuf data, int padding, boolean end) {
      int length = data.readableBytes() + padding;
      received += length;
      if (received > WINDOW / 2) {
        update(0, received);
        received = 0;
      }
      return length;
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext channel,
        int stream,
        Http2Headers trailers,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean end) {
      onHeadersRead(channel, stream, trailers, padding, end);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext channel,
        int stream,
        Http2Headers trailers,
        int padding,
        boolean end) {
      Call call = end ? open.remove(stream) : null;
      if (call != null) {
        call.end(status(trailers.get(STATUS)), true);
      }
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext channel, int stream, long error) {
      Call call = open.remove(stream);
      if (call == null) {
        return;
      }
      // A server's own deadline can come between our own and our look at the clock; as gRPC's
      // clients do, such a reset is taken for what it is.
      boolean late = error == CANCEL && call.deadline <= clock.getAsLong();
      call.end(
          late
              ? Status.DEADLINE_EXCEEDED.withDescription("reset by the server")
              : Status.UNAVAILABLE.withDescription("reset by the server: " + error),
          false);
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext channel, int last, long error, ByteBuf debug) {
      goingAway = true;
      String why = "the server goes away: " + error;
      held.forEach(call -> neverSent(call, why));
      held.clear();
      List<Call> ignored = open.values().stream().filter(call -> call.stream > last).toList();
      for (Call call : ignored) {
        open.remove(call.stream);
        neverSent(call, why);
      }
    }
  }

  private static Status status(CharSequence code) {
    return code == null
        ? Status.INTERNAL.withDescription("trailers without grpc-status")
        : Status.fromCodeValue(AsciiString.of(code).parseInt());
  }
}
