package dev.podium.loadtest.protocol;

import dev.podium.loadtest.fault.InputException;
import io.netty.channel.Channel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a server listens: {@code host:port} or {@code unix:/path}. */
public sealed interface Target {
  /** The address to connect to; host names are resolved anew at each call. */
  SocketAddress address();

  /** Netty's channel for that address. */
  Class<? extends Channel> channelType();

  /** The name that TLS and HTTP/2 expect there, unless another is asked for. */
  String authority();

  /** A port of a host. */
  record Tcp(String host, int port) implements Target {
    @Override
    public SocketAddress address() {
      return new InetSocketAddress(host, port);
    }

    @Override
    public Class<? extends Channel> channelType() {
      return NioSocketChannel.class;
    }

    @Override
    public String authority() {
      return toString();
    }

    @Override
    public String toString() {
      return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
  }

  /** A Unix domain socket. */
  record Unix(Path path) implements Target {
    @Override
    public SocketAddress address() {
      return UnixDomainSocketAddress.of(path);
    }

    @Override
    public Class<? extends Channel> channelType() {
      return NioDomainSocketChannel.class;
    }

    @Override
    public String authority() {
      return "localhost";
    }

    @Override
    public String toString() {
      return "unix:" + path;
    }
  }

  /**
   * Reads a target.
   *
   * @throws InputException naming the text
   */
  static Target parse(String text) {
    if (text.startsWith("unix:") && text.length() > "unix:".length()) {
      String path = text.substring("unix:".length());
      return new Unix(Path.of(path.startsWith("///") ? path.substring(2) : path));
    }
    Matcher matcher = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^:/\\s]+):([0-9]{1,5})").matcher(text);
    if (matcher.matches()) {
      int port = Integer.parseInt(matcher.group(2));
      if (port >= 1 && port <= 65535) {
        return new Tcp(matcher.group(1).replaceAll("[\\[\\]]", ""), port);
      }
    }
    throw new InputException("target: '" + text + "' (expected: HOST:PORT or unix:/PATH)");
  }
}
