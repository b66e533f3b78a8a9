package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.ConfigReader.ConfigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where settings can stand, and what is said of those that don't fit together. */
class ConfigReaderTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "grpc.max_metadata, 1KB, max_metadata",
    "grpc.uds_permissions, rwx, grpc.uds_permissions: 'rwx' (expected: as in 'rw-rw----')",
    "tls.certificate, a.crt, tls.key: missing",
    "tls.key, a.key, tls.certificate: missing",
    "tls.client_ca, ca.crt, tls.certificate: missing",
    "tls.client_auth, required, tls.client_ca: missing",
    "auth.issuer, me, auth.jwks: missing",
    "auth.rules, '[{methods: [fly]}]', auth.rules[0].methods: 'fly' (expected: '*' or any of [rank",
    "traces.endpoint, collector:4317, traces.endpoint: 'collector:4317' (expected: http://HOST:PORT or",
    "traces.endpoint, http://collector, traces.endpoint: 'http://collector' (expected: http://HOST",
    "traces.endpoint, 'http://a b:1', traces.endpoint: 'http://a b:1' (expected: http://HOST:PORT or",
    "traces.endpoint, 'http://me:secret@a:1', traces.endpoint",
    "traces.endpoint, http://a:1/v1/traces, traces.endpoint: 'http://a:1/v1/traces' (expected: http",
    "traces.ca, ca.crt, traces.endpoint: missing",
    "traces.resource, '[pod]', traces.resource: 'pod' (expected: NAME=VALUE",
    "traces.resource, '[a=1, a=2]', traces.resource: 'a=2' (expected: NAME=VALUE",
    "logging.format, xml, logging.format: 'xml' (expected: one of text, json)",
  })
  void valuesMustHaveTheirFormAndFitTogether(String key, String value, String message) {
    assertThatThrownBy(() -> ConfigReader.read(null, Map.of(), Map.of(key, value)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aTimeWithoutItsUnitIsToldSo() {
    assertThatThrownBy(
            () -> ConfigReader.read(null, Map.of(), Map.of("ranking.default_deadline", "50")))
        .hasMessage(
            "command line: ranking.default_deadline: '50'"
                + " (expected: a time such as 50ms, 1.5s or 2m)");
  }

  @Test
  void twoRangesThatDependOnEachOtherAreOneLine() {
    assertThatThrownBy(
            () ->
                ConfigReader.read(
                    null,
                    Map.of("PODIUM_ADMISSION_MIN_ROWS", "9"),
                    Map.of("admission.max_rows", "8")))
        .hasMessage(
            "environment PODIUM_ADMISSION_MIN_ROWS: admission.min_rows: 9"
                + " (expected: at most max_rows, 8)");
  }

  @Test
  void theCommandLineBeatsTheEnvironmentAndThatTheFile() throws Exception {
    Path file = folder.resolve("podium.yaml");
    Files.writeString(file, "grpc: {port: 1, max_streams: 2}\nscheduler: {workers: 3}\n");
    ServerConfig config =
        ConfigReader.read(
            file,
            Map.of("PODIUM_GRPC_MAX_STREAMS", "20", "PODIUM_SCHEDULER_WORKERS", "30"),
            Map.of("scheduler.workers", "300"));
    assertThat(config.grpc().port()).isEqualTo(1);
    assertThat(config.grpc().maxStreams()).isEqualTo(20);
    assertThat(config.scheduler().workers()).isEqualTo(300);
  }

  @Test
  void settingsThatNeedEachOtherMayComeInAnyOrder() throws Exception {
    ServerConfig config =
        ConfigReader.read(
            null, Map.of("PODIUM_TLS_KEY", "a.key", "PODIUM_TLS_CERTIFICATE", "a.crt"), Map.of());
    assertThat(config.tls().enabled()).isTrue();
  }

  @Test
  void whatIsWrittenIsReadAsTheSame() throws Exception {
    Path file = folder.resolve("podium.yaml");
    ServerConfig config =
        ConfigReader.read(null, Map.of(), Map.of("auth.rules", "[{principals: [a], models: [b]}]"));
    Files.writeString(file, config.toYaml());
    assertThat(ConfigReader.read(file, Map.of(), Map.of())).isEqualTo(config);
  }

  @Test
  void unknownKeysAreErrorsEverywhere() throws Exception {
    Path file = folder.resolve("podium.yaml");
    Files.writeString(file, "grpc: {prot: 1}\n");
    assertThatThrownBy(() -> ConfigReader.read(file, Map.of(), Map.of()))
        .hasMessageContaining("grpc.prot: unknown key (expected: one of host, port, ");
    assertThatThrownBy(() -> ConfigReader.read(null, Map.of(), Map.of("port", "1")))
        .hasMessageContaining("unknown key 'port'");
  }

  /** As Kubernetes sets them beside services named podium, podium-grpc and podium-admin. */
  @Test
  void serviceLinksOfKubernetesAreNoSettings() throws Exception {
    Map<String, String> links =
        Map.ofEntries(
            Map.entry("PODIUM_SERVICE_HOST", "10.0.0.1"),
            Map.entry("PODIUM_SERVICE_PORT", "8001"),
            Map.entry("PODIUM_SERVICE_PORT_GRPC", "8001"),
            Map.entry("PODIUM_PORT", "tcp://10.0.0.1:8001"),
            Map.entry("PODIUM_PORT_8001_TCP", "tcp://10.0.0.1:8001"),
            Map.entry("PODIUM_PORT_8001_TCP_PROTO", "tcp"),
            Map.entry("PODIUM_PORT_8001_TCP_PORT", "8001"),
            Map.entry("PODIUM_PORT_8001_TCP_ADDR", "10.0.0.1"),
            Map.entry("PODIUM_GRPC_PORT", "tcp://10.0.0.2:8001"),
            Map.entry("PODIUM_GRPC_SERVICE_HOST", "10.0.0.2"),
            Map.entry("PODIUM_ADMIN_PORT", "tcp://[fd00::1]:8002"),
            Map.entry("PODIUM_ADMIN_PORT_8002_TCP_ADDR", "fd00::1"));
    List<String> warnings = new ArrayList<>();

    assertThat(ConfigReader.read(null, links, Map.of(), warnings::add))
        .isEqualTo(ConfigReader.read(null, Map.of(), Map.of()));
    assertThat(warnings).isEmpty();
  }

  @Test
  void unknownVariablesAreOneShortWarning() throws Exception {
    List<String> warnings = new ArrayList<>();

    ConfigReader.read(
        null,
        Map.of("PODIUM_HOME", "/opt/podium", "PODIUM_GRPC_PROT", "1", "PODIUM_JAVA_OPTS", "-Xmx1g"),
        Map.of(),
        warnings::add);

    assertThat(warnings)
        .containsExactly(
            "environment: PODIUM_GRPC_PROT, PODIUM_HOME: ignored, no setting (expected: PODIUM_ and"
                + " a key, as in PODIUM_SCHEDULER_WORKERS)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"::", "::1", "[::1]", "[::]", "fd00::2", "fe80::1%eth0"})
  void addressesOfVersionSixAreTextEverywhere(String address) throws Exception {
    for (String section : List.of("grpc", "admin")) {
      String variable = "PODIUM_" + section.toUpperCase(Locale.ROOT) + "_HOST";
      Path file = folder.resolve("podium.yaml");
      Files.writeString(file, section + ":\n  host: '" + address + "'\n");
      for (ServerConfig config :
          List.of(
              ConfigReader.read(null, Map.of(), Map.of(section + ".host", address)),
              ConfigReader.read(null, Map.of(variable, address), Map.of()),
              ConfigReader.read(file, Map.of(), Map.of()))) {
        assertThat(section.equals("grpc") ? config.grpc().host() : config.admin().host())
            .isEqualTo(address);
        Files.writeString(folder.resolve("written.yaml"), config.toYaml());
        assertThat(ConfigReader.read(folder.resolve("written.yaml"), Map.of(), Map.of()))
            .isEqualTo(config);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "grpc: {host: [::1]}          | line 1: expected the node content, but found ':' (expected: YAML; ",
        "grpc: {host: [fd00, x]}      | grpc.host: a list (expected: text; YAML's syntax characters need",
        "scheduler: {cpus: 3}         | scheduler.cpus: '3' (expected: a list such as [a, b])",
        "grpc: 8001                   | grpc: '8001' (expected: keys and values)",
        "8001                         | no mapping (expected: keys and values)",
      })
  void whatIsNotTheYamlThatItShouldBeIsOneLine(String text, String line) throws Exception {
    Path file = Files.writeString(folder.resolve("podium.yaml"), text);

    assertThatThrownBy(() -> ConfigReader.read(file, Map.of(), Map.of()))
        .message()
        .startsWith(file + ": " + line)
        .doesNotContain("\n", "java", "reader");
  }

  /** As in a flag or a variable. */
  @Test
  void aListThatIsNoYamlIsOneLine() {
    assertThatThrownBy(
            () -> ConfigReader.read(null, Map.of(), Map.of("engine.execution_providers", "[cpu")))
        .message()
        .startsWith("command line: engine.execution_providers: line 1: ")
        .contains("(expected: YAML; ")
        .doesNotContain("\n", "java");
  }
}
