package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code podium serve} as a process: its signals, its standard error, its files. */
@Timeout(180)
class ServeProcessTest {
  private static final Pattern READY = Pattern.compile("ready grpc=(\\S+):(\\d+) admin=\\S+");

  @TempDir Path folder;

  private final List<Process> processes = new ArrayList<>();
  private Path models;
  private Path temporary;

  @BeforeEach
  void start() throws IOException {
    models = Files.createDirectories(folder.resolve("models"));
    temporary = Files.createDirectories(folder.resolve("tmp"));
  }

  @AfterEach
  void stop() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
  }

  /** The class path goes through the environment: it would make a very long command line. */
  private Process serve(Path tmp, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-Djava.io.tmpdir=" + tmp,
                "dev.podium.cli.Main",
                "serve",
                "--models",
                models.toString(),
                "--port",
                "0"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("PODIUM_"));
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  private static InetSocketAddress ready(Process process) throws IOException {
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    assertThat(line).isNotNull();
    Matcher matcher = READY.matcher(line);
    assertThat(matcher.matches()).as(line).isTrue();
    return new InetSocketAddress(matcher.group(1), Integer.parseInt(matcher.group(2)));
  }

  private static String errors(Process process) throws IOException {
    return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static void send(String signal, Process process) throws Exception {
    assertThat(
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor())
        .isZero();
  }

  /** Unknown models: refused, and a line of the access log each. */
  private static void call(RankingServiceGrpc.RankingServiceBlockingStub stub) {
    try {
      stub.withDeadlineAfter(20, TimeUnit.SECONDS).rank(RankRequest.getDefaultInstance());
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode())
          .isIn(io.grpc.Status.Code.NOT_FOUND, io.grpc.Status.Code.INVALID_ARGUMENT);
    }
  }

  @Test
  void nobodyWaitsForTheReaderOfTheLog() throws Exception {
    Process server =
        serve(
            temporary,
            "--set",
            "access_log.enabled=true",
            "--set",
            "access_log.max_failures=1000000");
    InetSocketAddress address = ready(server);
    ManagedChannel channel = NettyChannelBuilder.forAddress(address).usePlaintext().build();
    try {
      var stub = RankingServiceGrpc.newBlockingStub(channel);
      // A pipe holds 64 KiB; a line has about 150 bytes, and nobody reads them.
      for (int i = 0; i < 4_000; i++) {
        call(stub);
      }
      for (int i = 0; i < 20; i++) {
        try (Socket stray = new Socket()) {
          stray.connect(address);
          OutputStream out = stray.getOutputStream();
          out.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
          stray.setSoTimeout(20_000);
          stray.getInputStream().readAllBytes();
        } catch (SocketException e) {
          continue; // closed all the same
        }
      }
      for (int i = 0; i < 100; i++) {
        call(stub);
      }
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
    send("TERM", server);
    assertThat(server.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(server.exitValue()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void signalsLeaveALineAndNoFiles(String signal) throws Exception {
    Process server = serve(temporary);
    ready(server);
    send(signal, server);
    String errors = errors(server);
    assertThat(server.waitFor()).isZero();
    assertThat(errors)
        .contains("SIG" + signal + ": the server stops", "stopped: all requests were answered");
    try (Stream<Path> left = Files.list(temporary)) {
      // The libraries, which the next start uses again.
      assertThat(left)
          .allMatch(path -> path.getFileName().toString().matches("podium-onnx.*|jna-.*|hsperf.*"));
    }
  }

  @Test
  void aSocketIsOneServersAtATime() throws Exception {
    Path socket = folder.resolve("s");
    Process first = serve(temporary, "--uds", socket.toString());
    ready(first);
    assertThat(socket).exists();
    Process second = serve(temporary, "--uds", socket.toString());
    String errors = errors(second);
    assertThat(second.waitFor()).isEqualTo(2);
    assertThat(lastLine(errors)).contains("grpc.uds: " + socket + ": another server listens there");
    assertThat(socket).exists();
    send("TERM", first);
    assertThat(first.waitFor()).isZero();
    assertThat(socket).doesNotExist();
  }

  @Test
  void aTemporaryFolderThatIsNotThereIsNamed() throws Exception {
    Path missing = folder.resolve("missing");
    Process server = serve(missing);
    String errors = errors(server);
    assertThat(server.waitFor()).isEqualTo(2);
    assertThat(lastLine(errors)).contains("java.io.tmpdir: " + missing + ": ");
    assertThat(errors).doesNotContain("\tat ");
  }

  private static String lastLine(String text) {
    List<String> lines = text.strip().lines().toList();
    return lines.get(lines.size() - 1);
  }
}
