package dev.podium.loadtest.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.loadtest.fault.InputException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {

  @Test
  void readsPortsAndSockets() {
    assertThat(Target.parse("127.0.0.1:8001")).isEqualTo(new Target.Tcp("127.0.0.1", 8001));
    assertThat(Target.parse("[::1]:8001")).isEqualTo(new Target.Tcp("::1", 8001));
    assertThat(Target.parse("[::1]:8001")).hasToString("[::1]:8001");
    assertThat(Target.parse("unix:/run/podium.sock"))
        .isEqualTo(new Target.Unix(Path.of("/run/podium.sock")));
    assertThat(Target.parse("unix:///run/podium.sock"))
        .isEqualTo(new Target.Unix(Path.of("/run/podium.sock")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        ":8001",
        "host:",
        "host:0",
        "host:70000",
        "unix:",
        "http://host:1"
      })
  void refusesOtherTargets(String text) {
    assertThatThrownBy(() -> Target.parse(text))
        .isInstanceOf(InputException.class)
        .hasMessage("target: '" + text + "' (expected: HOST:PORT or unix:/PATH)");
  }

  @Test
  void refusesHalvesOfTlsAndKeepsSecretsOutOfMessages() {
    Security half = new Security(false, Path.of("ca.pem"), null, null, null, Map.of());
    assertThatThrownBy(half::sslContext).hasMessageContaining("a certificate without --tls");
    Security noKey = new Security(true, null, Path.of("c.pem"), null, null, Map.of());
    assertThatThrownBy(noKey::sslContext).hasMessageContaining("only one of --cert and --key");
    Security noFile = new Security(true, Path.of("/no/ca.pem"), null, null, null, Map.of());
    assertThatThrownBy(noFile::sslContext).hasMessageContaining("/no/ca.pem can't be read");
    Security secret =
        new Security(false, null, null, null, null, Map.of("authorization", "Bearer s3cret"));
    assertThat(secret.toString()).contains("authorization").doesNotContain("s3cret");
  }
}
