package dev.podium.loadtest;

import dev.podium.loadtest.protocol.Security;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Options of the connections to the server, for picocli. */
final class ConnectionOptions {
  @Option(names = "--tls", description = "Speak TLS.")
  boolean tls;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description = "Certificates to trust (PEM). Default: the system's.")
  Path ca;

  @Option(names = "--cert", paramLabel = "FILE", description = "Client certificate chain (PEM).")
  Path certificate;

  @Option(names = "--key", paramLabel = "FILE", description = "Its private key (PEM, PKCS#8).")
  Path key;

  @Option(
      names = "--authority",
      paramLabel = "NAME",
      description = "Name expected in the server's certificate. Default: the target's.")
  String authority;

  @Option(
      names = "--header",
      paramLabel = "NAME=VALUE",
      description = "Metadata of every call, such as authorization. May be repeated.")
  Map<String, String> headers = new LinkedHashMap<>();

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "2",
      description = "Connections, used in turn. Default: ${DEFAULT-VALUE}.")
  int connections;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Event loops of the generator. Default: ${DEFAULT-VALUE}.")
  int threads;

  Security security() {
    return new Security(tls, ca, certificate, key, authority, headers);
  }
}
