package dev.podium.server.access;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What a file says, read again when its bytes change. A new content that can't be read leaves the
 * old in force. Thread-safe.
 */
final class WatchedFile<T> {
  private static final Logger LOG = Logger.getLogger(WatchedFile.class.getName());

  /** Turns a file's bytes into what they say. */
  interface Reader<T> {
    T read(byte[] bytes) throws AccessException;
  }

  private final Path file;
  private final Reader<T> reader;
  private byte[] seen;
  private volatile T content;

  /**
   * Reads the file.
   *
   * @throws AccessException if that fails, naming the file
   */
  WatchedFile(Path file, Reader<T> reader) throws AccessException {
    this.file = file;
    this.reader = reader;
    try {
      seen = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new AccessException(file + ": can't be read: " + e.getMessage(), e);
    }
    content = parse(seen);
  }

  T content() {
    return content;
  }

  /**
   * Looks whether the file has changed.
   *
   * @return whether what it says now is in force
   */
  synchronized boolean reload() {
    try {
      byte[] now = Files.readAllBytes(file);
      if (!Arrays.equals(seen, now)) {
        content = parse(now);
        seen = now;
        LOG.log(Level.INFO, "{0}: read again", file);
      }
      return true;
    } catch (IOException | AccessException e) {
      LOG.log(
          Level.WARNING,
          "{0}: can''t be read, its old content stays: {1}",
          new Object[] {file, e.getMessage()});
      return false;
    }
  }

  private T parse(byte[] bytes) throws AccessException {
    try {
      return reader.read(bytes);
    } catch (AccessException e) {
      throw new AccessException(file + ": " + e.getMessage(), e);
    }
  }
}
