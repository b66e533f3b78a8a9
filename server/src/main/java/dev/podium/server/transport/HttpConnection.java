package dev.podium.server.transport;

import dev.podium.server.transport.HttpPage.Answer;
import dev.podium.server.transport.HttpPage.Request;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** One connection of an {@link HttpPort}: a request, its answer, the next. Only on its loop. */
final class HttpConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = Logger.getLogger(HttpConnection.class.getName());
  private static final String TEXT = "text/plain; charset=utf-8";

  private final HttpPort port;
  private final HttpPort.Pages pages;
  private final Executor slow;

  private ChannelHandlerContext context;
  private Future<?> patience;
  private boolean counted;
  private boolean answering;
  private boolean last;

  HttpConnection(HttpPort port, HttpPort.Pages pages, Executor slow) {
    this.port = port;
    this.pages = pages;
    this.slow = slow;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    this.context = context;
    counted = port.opened();
    if (!counted) {
      context.close();
      return;
    }
    port.silent(this, true);
    allow();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (counted) {
      counted = false;
      port.closed(this);
    }
    if (patience != null) {
      patience.cancel(false);
    }
  }

  /** Closes the connection, whatever state it is in. */
  void cut() {
    context.close();
  }

  /** Gives the client a time for its next step, whatever it does meanwhile. */
  private void allow() {
    if (patience != null) {
      patience.cancel(false);
    }
    patience = context.executor().schedule(this::cut, port.stepMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      if (!(message instanceof HttpRequest request)) {
        return; // the rest of a request: no page takes any
      }
      if (answering) {
        last = true; // requests sent ahead are not waited for
        return;
      }
      answering = true;
      port.silent(this, false);
      patience.cancel(false); // now it is the client who waits
      last = !HttpUtil.isKeepAlive(request) || hasBody(request);
      if (request.decoderResult().isFailure()) {
        last = true;
        send(wrong(request.decoderResult().cause()));
      } else {
        handle(request);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private static boolean hasBody(HttpRequest request) {
    return HttpUtil.isTransferEncodingChunked(request)
        || HttpUtil.getContentLength(request, 0L) != 0;
  }

  private static Answer wrong(Throwable cause) {
    return cause instanceof TooLongFrameException
        ? Answer.text(431, TEXT, "request: its head is too large (expected: at most 8 KiB)\n")
        : Answer.text(400, TEXT, "request: not HTTP/1.1\n");
  }

  private void handle(HttpRequest request) {
    String uri = request.uri();
    int mark = uri.indexOf('?');
    String path = mark < 0 ? uri : uri.substring(0, mark);
    String method = request.method().name();
    HttpPage quick = pages.quick().get(path);
    HttpPage page = quick == null ? pages.slow().get(path) : quick;
    if (page == null) {
      send(Answer.text(404, TEXT, "not found\n"));
    } else if (!method.equals("GET") && !method.equals("HEAD")) {
      send(
          new Answer(
              405,
              Map.of("Content-Type", TEXT, "Allow", "GET, HEAD"),
              (method + ": not allowed (expected: GET or HEAD)\n")
                  .getBytes(StandardCharsets.UTF_8)));
    } else {
      Request asked =
          new Request(method, mark < 0 ? null : uri.substring(mark + 1), request.headers()::getAll);
      if (quick != null) {
        send(make(path, page, asked));
      } else {
        later(path, page, asked);
      }
    }
  }

  private void later(String path, HttpPage page, Request asked) {
    try {
      slow.execute(
          () -> {
            Answer answer = make(path, page, asked);
            if (!context.executor().isShuttingDown()) {
              context.executor().execute(() -> send(answer));
            }
          });
    } catch (RejectedExecutionException e) {
      send(Answer.text(503, TEXT, "busy with other requests\n"));
    }
  }

  private static Answer make(String path, HttpPage page, Request asked) {
    try {
      return page.answer(asked);
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.SEVERE, path + ": the page can't be made", e);
      return Answer.text(500, TEXT, "the page can't be made; the log says why\n");
    }
  }

  private void send(Answer answer) {
    DefaultFullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(answer.status()),
            Unpooled.wrappedBuffer(answer.body()));
    answer.headers().forEach(response.headers()::set);
    response
        .headers()
        .set("Cache-Control", "no-store")
        .set("X-Content-Type-Options", "nosniff")
        .setInt("Content-Length", answer.body().length);
    HttpUtil.setKeepAlive(response, !last);
    allow();
    // A client that has left meanwhile is nothing to speak of.
    context
        .writeAndFlush(response)
        .addListener(
            (ChannelFutureListener)
                sent -> {
                  if (last || !sent.isSuccess()) {
                    context.close();
                    return;
                  }
                  answering = false;
                  port.silent(this, true);
                  allow();
                });
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.log(Level.FINE, "a client of the admin port", cause);
    context.close();
  }
}
