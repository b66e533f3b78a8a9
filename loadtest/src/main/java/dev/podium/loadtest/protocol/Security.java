package dev.podium.loadtest.protocol;

import dev.podium.loadtest.fault.InputException;
import io.grpc.Metadata;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.net.ssl.SSLException;

/**
 * How a channel proves who it is and whom it talks to.
 *
 * @param tls whether to speak TLS
 * @param ca certificates to trust, null for the system's
 * @param certificate the client's certificate chain, null for none
 * @param key the certificate's private key, null for none
 * @param authority the name expected in the server's certificate, null for the target's
 * @param headers metadata of every call, such as {@code authorization}
 */
public record Security(
    boolean tls,
    Path ca,
    Path certificate,
    Path key,
    String authority,
    Map<String, String> headers) {

  /** Plain text, no headers. */
  public static final Security NONE = new Security(false, null, null, null, null, Map.of());

  /** Keeps header values, which may be secrets, out of messages. */
  @Override
  public String toString() {
    return "tls=" + tls + " headers=" + headers.keySet();
  }

  /** The TLS context, or null for plain text. */
  SslContext sslContext() {
    if (!tls) {
      if (ca != null || certificate != null || key != null) {
        throw new InputException("tls: a certificate without --tls (expected: both, or neither)");
      }
      return null;
    }
    if ((certificate == null) != (key == null)) {
      throw new InputException("tls: only one of --cert and --key (expected: both, or neither)");
    }
    SslContextBuilder builder = GrpcSslContexts.forClient();
    try {
      if (ca != null) {
        builder.trustManager(readable(ca));
      }
      if (certificate != null) {
        builder.keyManager(readable(certificate), readable(key));
      }
      return builder.build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new InputException("tls: " + e.getMessage() + " (expected: PEM files)", e);
    }
  }

  private static java.io.File readable(Path file) {
    try {
      Files.newInputStream(file).close();
    } catch (IOException e) {
      throw new InputException("tls: " + file + " can't be read (expected: a PEM file)", e);
    }
    return file.toFile();
  }

  /** A new set of headers: gRPC owns what it is given. */
  public Metadata metadata() {
    Metadata metadata = new Metadata();
    headers.forEach(
        (name, value) ->
            metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value));
    return metadata;
  }
}
