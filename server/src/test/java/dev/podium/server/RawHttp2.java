package dev.podium.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

/** An HTTP/2 client that does just what a test tells it, right or wrong. */
final class RawHttp2 implements AutoCloseable {
  static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GO_AWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;
  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;
  static final int ACK = 1;

  private static final int TIMEOUT_MILLIS = 30_000;

  private final Socket socket = new Socket();
  private final OutputStream out;
  private final DataInputStream in;
  private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
  private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);

  /** What the server sent. */
  record Frame(int type, int flags, int stream, byte[] payload) {
    boolean ends() {
      return (flags & END_STREAM) != 0;
    }
  }

  RawHttp2(InetSocketAddress server) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(TIMEOUT_MILLIS);
    socket.connect(server, TIMEOUT_MILLIS);
    out = socket.getOutputStream();
    in = new DataInputStream(socket.getInputStream());
  }

  /** Says hello, with a window for answers of that many bytes a stream. */
  RawHttp2 hello(int window) throws IOException {
    out.write(PREFACE);
    byte[] settings = {0, 4, 0, 0, 0, 0};
    Unpooled.wrappedBuffer(settings).setInt(2, window);
    frame(SETTINGS, 0, 0, settings);
    // The server's own window counts once its settings are acknowledged.
    frame(SETTINGS, ACK, 0, new byte[0]);
    return this;
  }

  void raw(byte[] bytes) throws IOException {
    out.write(bytes);
  }

  void frame(int type, int flags, int stream, byte[] payload) throws IOException {
    ByteArrayOutputStream frame = new ByteArrayOutputStream(9 + payload.length);
    frame.write(payload.length >> 16);
    frame.write(payload.length >> 8);
    frame.write(payload.length);
    frame.write(type);
    frame.write(flags);
    for (int shift = 24; shift >= 0; shift -= 8) {
      frame.write(stream >> shift);
    }
    frame.write(payload);
    out.write(frame.toByteArray());
  }

  /** Begins a call. */
  void call(int stream, String method, String... headers) throws IOException {
    frame(HEADERS, END_HEADERS, stream, headerBlock(method, headers));
  }

  byte[] headerBlock(String method, String... headers) throws IOException {
    Http2Headers all =
        new DefaultHttp2Headers()
            .method("POST")
            .scheme("http")
            .path('/' + method)
            .authority("localhost")
            .set("content-type", "application/grpc")
            .set("te", "trailers");
    for (int i = 0; i < headers.length; i += 2) {
      all.set(headers[i], headers[i + 1]);
    }
    ByteBuf block = Unpooled.buffer();
    try {
      encoder.encodeHeaders(3, all, block);
    } catch (Exception e) {
      throw new IOException(e);
    }
    byte[] bytes = new byte[block.readableBytes()];
    block.readBytes(bytes);
    return bytes;
  }

  /** A gRPC message's first five bytes. */
  static byte[] prefix(boolean compressed, int length) {
    byte[] prefix = new byte[5];
    prefix[0] = (byte) (compressed ? 1 : 0);
    Unpooled.wrappedBuffer(prefix).setInt(1, length);
    return prefix;
  }

  static byte[] message(boolean compressed, byte[] bytes) {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    message.writeBytes(prefix(compressed, bytes.length));
    message.writeBytes(bytes);
    return message.toByteArray();
  }

  /** The next frame; null if the server has closed the connection. */
  Frame read() throws IOException {
    try {
      int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
      int type = in.readUnsignedByte();
      int flags = in.readUnsignedByte();
      int stream = in.readInt() & 0x7fffffff;
      byte[] payload = new byte[length];
      in.readFully(payload);
      return new Frame(type, flags, stream, payload);
    } catch (EOFException | SocketException e) {
      return null;
    }
  }

  /** The next frame of a type; null if the connection was closed before it came. */
  Frame read(int type) throws IOException {
    Frame frame = read();
    while (frame != null && frame.type() != type) {
      frame = read();
    }
    return frame;
  }

  /**
   * How a stream ended: its gRPC status, or else "RST" and the error's number, or else "closed"
   * with the connection.
   */
  String end(int stream) throws IOException {
    Frame frame;
    while ((frame = read()) != null) {
      if (frame.type() == HEADERS) {
        // All blocks are decoded: they share a table.
        Http2Headers headers = decode(frame);
        if (frame.stream() == stream && frame.ends()) {
          return headers.get("grpc-status")
              + (headers.contains("grpc-message") ? ": " + headers.get("grpc-message") : "");
        }
      } else if (frame.type() == RST_STREAM && frame.stream() == stream) {
        return "RST " + frame.payload()[3];
      }
    }
    return "closed";
  }

  private Http2Headers decode(Frame frame) throws IOException {
    try {
      return decoder.decodeHeaders(frame.stream(), Unpooled.wrappedBuffer(frame.payload()));
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  /** Reads until the server closes the connection. */
  void awaitClose() throws IOException {
    while (read() != null) {
      // What else it says doesn't matter.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
