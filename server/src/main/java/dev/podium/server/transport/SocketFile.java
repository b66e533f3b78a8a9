package dev.podium.server.transport;

import dev.podium.server.fault.WrongFileException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The place of a Unix domain socket, which one server has at a time. A lock on a file beside it
 * tells whose it is; the lock goes with the process, however that ends, and the lock's file stays.
 * Only a socket that nobody listens on is removed.
 */
final class SocketFile implements AutoCloseable {
  private static final int TYPE_BITS = 0xf000;
  private static final int SOCKET_BITS = 0xc000;

  private final Path path;
  private final FileChannel lock;

  private SocketFile(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Takes the place.
   *
   * @throws WrongFileException if somebody has it, or something else is there
   * @throws IOException if the folder can't be used
   */
  static SocketFile claim(Path path) throws IOException {
    Path beside = path.resolveSibling(path.getFileName() + ".lock");
    FileChannel lock;
    try {
      lock = FileChannel.open(beside, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new WrongFileException(
          "grpc.uds: " + path + ": its lock " + beside + " can't be made: " + e, e);
    }
    try {
      if (!locked(lock)) {
        throw inUse(path);
      }
      removeDead(path);
      return new SocketFile(path, lock);
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  private static boolean locked(FileChannel lock) throws IOException {
    try {
      return lock.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // another server of this process
    }
  }

  private static WrongFileException inUse(Path path) {
    return new WrongFileException(
        "grpc.uds: " + path + ": another server listens there (expected: a path of its own)");
  }

  private static void removeDead(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & TYPE_BITS) != SOCKET_BITS) {
      throw new WrongFileException(
          "grpc.uds: "
              + path
              + ": something that is no socket is there (expected: nothing, or the socket of a"
              + " server that is gone)");
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(path));
      throw inUse(path);
    } catch (ConnectException e) {
      Files.deleteIfExists(path);
    }
  }

  /** Removes the socket and gives the place up. */
  @Override
  public void close() throws IOException {
    try (lock) {
      Files.deleteIfExists(path);
    }
  }
}
