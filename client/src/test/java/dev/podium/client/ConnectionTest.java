package dev.podium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ChannelCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ConnectionTest {
  private static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final RankingRequest REQUEST =
      RankingRequest.builder("m").column("item_id", new long[] {1, 2, 3}).build();

  @TempDir Path folder;

  @Test
  void aUnixDomainSocketIsATarget() throws Exception {
    Path socket = folder.resolve("podium.sock");
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    Server server =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            .addService(new FakeRankingService())
            .build()
            .start();
    try {
      for (String target : new String[] {"unix:" + socket, "unix://" + socket}) {
        try (RankingClient client = RankingClient.builder(target).build()) {
          assertThat(client.rank(REQUEST, DEADLINE).size()).as(target).isEqualTo(3);
        }
      }
    } finally {
      server.shutdownNow();
      assertThat(server.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  @Test
  void tlsIsSpokenWhereAskedForAndAStrangersCertificateRefused() throws Exception {
    KeyStore own = selfSigned("own");
    Server server = serverWith(tls(own));
    String target = "localhost:" + server.getPort();
    try {
      try (RankingClient client =
          RankingClient.builder(target).credentials(trusting(own)).build()) {
        assertThat(client.rank(REQUEST, DEADLINE).size()).isEqualTo(3);
      }
      try (RankingClient client =
          RankingClient.builder(target).credentials(trusting(selfSigned("other"))).build()) {
        assertThatThrownBy(() -> client.rank(REQUEST, DEADLINE))
            .isInstanceOf(RankingException.class)
            .hasMessageStartingWith("UNAVAILABLE");
      }
      try (RankingClient client = RankingClient.builder(target).tls().build()) {
        assertThatThrownBy(() -> client.rank(REQUEST, DEADLINE))
            .isInstanceOf(RankingException.class)
            .hasMessageStartingWith("UNAVAILABLE");
      }
    } finally {
      server.shutdownNow();
      assertThat(server.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static Server serverWith(ServerCredentials credentials) throws Exception {
    return NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), credentials)
        .addService(new FakeRankingService())
        .build()
        .start();
  }

  private static ServerCredentials tls(KeyStore keys) throws Exception {
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keys, "changeit".toCharArray());
    return TlsServerCredentials.newBuilder().keyManager(factory.getKeyManagers()).build();
  }

  private static ChannelCredentials trusting(KeyStore keys) throws Exception {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(keys);
    return TlsChannelCredentials.newBuilder().trustManager(factory.getTrustManagers()).build();
  }

  /** A key pair for localhost, fresh in every run, made by the JDK's keytool. */
  private KeyStore selfSigned(String name) throws Exception {
    Path file = folder.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                name,
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost",
                "-keystore",
                file.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit")
            .redirectErrorStream(true)
            .start();
    String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(keytool.waitFor()).as(output).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, "changeit".toCharArray());
    }
    // The certificate alone, as an anchor for those who trust it.
    keys.setCertificateEntry("trusted", keys.getCertificate(name));
    return keys;
  }
}
