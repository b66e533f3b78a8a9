package dev.podium.loadtest.bench;

import dev.podium.loadtest.WorkFailedException;
import dev.podium.loadtest.protocol.Target;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server in a process of its own, from its start until {@link #close}. */
final class ServerProcess implements AutoCloseable {
  private static final Pattern READY = Pattern.compile("ready grpc=(\\S+).*");

  private final Process process;
  private final Target target;

  private ServerProcess(Process process, Target target) {
    this.process = process;
    this.target = target;
  }

  /**
   * Starts a server and waits until it prints {@code ready grpc=HOST:PORT} on its standard output.
   * Its standard error is this process's.
   *
   * @throws WorkFailedException if it can't be started, ends, or is not ready in time
   */
  static ServerProcess start(List<String> command, long timeoutSeconds) {
    String line = String.join(" ", command);
    Process process;
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    } catch (IOException e) {
      throw new WorkFailedException(
          "server: '" + line + "' can't be started: " + e.getMessage(), e);
    }
    CompletableFuture<Target> ready = new CompletableFuture<>();
    Thread reader = new Thread(() -> read(process, ready), "bench-server-output");
    reader.setDaemon(true);
    reader.start();
    boolean started = false;
    try {
      Target target = ready.get(timeoutSeconds, TimeUnit.SECONDS);
      started = true;
      return new ServerProcess(process, target);
    } catch (ExecutionException e) {
      throw new WorkFailedException(
          "server: '" + line + "' ended without its line 'ready grpc=HOST:PORT'", e);
    } catch (TimeoutException e) {
      throw new WorkFailedException(
          "server: '" + line + "' was not ready within " + timeoutSeconds + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WorkFailedException("interrupted", e);
    } finally {
      if (!started) {
        stop(process);
      }
    }
  }

  /** Reads to the end, so that a server that prints more never waits for a full pipe. */
  private static void read(Process process, CompletableFuture<Target> ready) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Matcher matcher = READY.matcher(line);
        if (matcher.matches()) {
          ready.complete(Target.parse(matcher.group(1)));
        }
      }
      ready.completeExceptionally(new IOException("no ready line"));
    } catch (IOException | RuntimeException e) {
      ready.completeExceptionally(e);
    }
  }

  /** Where it takes requests. */
  Target target() {
    return target;
  }

  /** The process; a start script that stays has the server as its child. */
  long pid() {
    return process.pid();
  }

  /** The Java process itself: the last descendant, or the process if it has none. */
  long javaPid() {
    return process
        .descendants()
        .reduce((first, second) -> second)
        .map(ProcessHandle::pid)
        .orElse(process.pid());
  }

  @Override
  public void close() {
    stop(process);
  }

  private static void stop(Process process) {
    List<ProcessHandle> descendants = process.descendants().toList();
    process.destroy();
    descendants.forEach(ProcessHandle::destroy);
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    for (ProcessHandle child : descendants) {
      try {
        child.onExit().get(10, TimeUnit.SECONDS);
      } catch (ExecutionException | TimeoutException e) {
        child.destroyForcibly();
      } catch (InterruptedException e) {
        child.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
