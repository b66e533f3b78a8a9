package dev.podium.server.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.fault.WrongFileException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What may be where a Unix domain socket is to be. */
class SocketFileTest {
  @TempDir Path folder;

  private static ServerSocketChannel listen(Path path) throws Exception {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    return server;
  }

  private static void refused(Path path, String why) {
    assertThatThrownBy(() -> SocketFile.claim(path))
        .isInstanceOf(WrongFileException.class)
        .hasMessageStartingWith("grpc.uds: " + path + ": ")
        .hasMessageContaining(why);
  }

  @Test
  void oneServerHasItAtATime() throws Exception {
    Path path = folder.resolve("s");
    SocketFile first = SocketFile.claim(path);
    try (ServerSocketChannel listening = listen(path)) {
      refused(path, "another server listens there");
      assertThat(path).exists();
      assertThat(listening.isOpen()).isTrue();
    }
    first.close();
    assertThat(path).doesNotExist();
    SocketFile.claim(path).close();
  }

  @Test
  void aServerThatTakesNoLockKeepsItsSocket() throws Exception {
    Path path = folder.resolve("s");
    try (ServerSocketChannel other = listen(path)) {
      refused(path, "another server listens there");
      assertThat(path).exists();
      assertThat(other.isOpen()).isTrue();
    }
  }

  @Test
  void aDeadSocketIsRemoved() throws Exception {
    Path path = folder.resolve("s");
    listen(path).close();
    assertThat(path).exists();
    try (SocketFile claimed = SocketFile.claim(path)) {
      assertThat(path).doesNotExist();
      assertThat(claimed).isNotNull();
    }
  }

  @Test
  void nothingElseIsRemoved() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "precious");
    Path empty = Files.createFile(folder.resolve("empty"));
    Path dir = Files.createDirectory(folder.resolve("dir"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    for (Path path : new Path[] {file, empty, dir, link}) {
      refused(path, "something that is no socket is there");
      assertThat(Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)).isTrue();
    }
    assertThat(file).hasContent("precious");
  }

  @Test
  void aFolderThatIsNotThereIsNamed() {
    refused(folder.resolve("no").resolve("s"), "NoSuchFileException");
  }
}
