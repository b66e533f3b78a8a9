package dev.podium.client.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.client.FakeRankingService;
import dev.podium.client.RankingClient;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The guide's example is this package's RankFilms, to the letter; it compiles and runs. */
class ClientGuideTest {
  private Server server;
  private ManagedChannel channel;

  @AfterEach
  void stop() {
    if (server != null) {
      channel.shutdownNow();
      server.shutdownNow();
    }
  }

  @Test
  void theGuideShowsTheExampleThatIsTestedHere() throws Exception {
    String guide = Files.readString(Path.of("../docs/client.md"));
    String example =
        Files.readString(Path.of("src/test/java/dev/podium/client/example/RankFilms.java"));

    assertThat(guide).contains("```java\n" + example.substring(example.indexOf("import ")) + "```");
  }

  @Test
  void theExampleRanksFilms() throws Exception {
    start(new FakeRankingService());

    try (RankingClient client = client()) {
      String lines = RankFilms.bestTwo(client);

      assertThat(lines.lines()).hasSize(2);
      assertThat(lines.lines()).allMatch(line -> line.matches("0\\.\\d{3}  [A-Z].*"));
    }
  }

  @Test
  void theExampleSaysWhyFilmsStayUnranked() throws Exception {
    start(FakeRankingService.refusing(Status.UNAVAILABLE.withDescription("draining")));

    try (RankingClient client = client()) {
      assertThat(RankFilms.bestTwo(client)).isEqualTo("unranked: draining");
    }
  }

  private void start(BindableService service) throws IOException {
    server = InProcessServerBuilder.forName("guide").addService(service).build().start();
    channel = InProcessChannelBuilder.forName("guide").build();
  }

  private RankingClient client() {
    return RankingClient.builder(channel).defaultDeadline(Duration.ofSeconds(30)).build();
  }
}
