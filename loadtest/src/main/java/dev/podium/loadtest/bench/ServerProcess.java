package dev.podium.loadtest.bench;

import dev.podium.loadtest.fault.WorkFailedException;
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
public final class ServerProcess implements AutoCloseable {
  private static final Pattern READY = Pattern.compile("ready grpc=(\\S+)(?: admin=(\\S+))?.*");

  private final Process process;
  private final Ready ready;

  /** What the line says; {@code admin} is null if it names none. */
  private record Ready(Target target, Target admin) {}

  private ServerProcess(Process process, Ready ready) {
    this.process = process;
    this.ready = ready;
  }

  /**
   * Starts a server and waits until it prints {@code ready grpc=HOST:PORT} on its standard output.
   * Its standard error is this process's.
   *
   * @throws WorkFailedException if it can't be started, ends, or is not ready in time
   */
  public static ServerProcess start(List<String> command, long timeoutSeconds) {
    String line = String.join(" ", command);
    Process process;
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    } catch (IOException e) {
      throw new WorkFailedException(
          "server: '" + line + "' can't be started: " + e.getMessage(), e);
    }
    CompletableFuture<Ready> ready = new CompletableFuture<>();
    Thread reader = new Thread(() -> read(process, ready), "bench-server-output");
    reader.setDaemon(true);
    reader.start();
    boolean started = false;
    try {
      Ready said = ready.get(timeoutSeconds, TimeUnit.SECONDS);
      started = true;
      return new ServerProcess(process, said);
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
  private static void read(Process process, CompletableFuture<Ready> ready) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Matcher matcher = READY.matcher(line);
        if (matcher.matches()) {
          String admin = matcher.group(2);
          ready.complete(
              new Ready(
                  Target.parse(matcher.group(1)),
                  admin == null || admin.endsWith(":0") ? null : Target.parse(admin)));
        }
      }
      ready.completeExceptionally(new IOException("no ready line"));
    } catch (IOException | RuntimeException e) {
      ready.completeExceptionally(e);
    }
  }

  /** The address that takes requests. */
  public Target target() {
    return ready.target();
  }

  /**
   * Its admin port, for HTTP.
   *
   * @throws WorkFailedException if its line named no such port
   */
  public Target admin() {
    if (ready.admin() == null) {
      throw new WorkFailedException("server: no admin port (expected: one in its line 'ready')");
    }
    return ready.admin();
  }

  /** The process; a start script that stays has the server as its child. */
  public long pid() {
    return process.pid();
  }

  /** The Java process itself: the last descendant, or the process if it has none. */
  public long javaPid() {
    return process
        .descendants()
        .reduce((first, second) -> second)
        .map(ProcessHandle::pid)
        .orElse(process.pid());
  }

  /** Sends SIGTERM to it, and returns at once. */
  public void terminate() {
    process.destroy();
  }

  /**
   * Waits for its end.
   *
   * @return its exit status, or -1 if it still runs after that time
   */
  public int exitStatus(long timeoutSeconds) {
    try {
      return process.waitFor(timeoutSeconds, TimeUnit.SECONDS) ? process.exitValue() : -1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
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
