package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "                        | podium: no command (see: podium --help)",
        "nonsense                | podium: Unmatched argument at index 0: 'nonsense' (see: podium --help)",
        "rank                    | podium rank: Missing required options: '--target=TARGET', '--request=FILE' (see: podium rank --help)",
        "rank --target a --request b --top-k x | podium rank: Invalid value for option '--top-k': 'x' is not an int (see: podium rank --help)",
        "rank --target a --request b --deadline 5 | podium rank: Invalid value for option '--deadline': time: '5' (expected: a number with us, ms, s, m or h, such as 20s) (see: podium rank --help)",
        "serve --set scheduler.max_wait=0s | podium serve: command line: scheduler.max_wait: 0s (expected: 1us to 1h)",
        "serve --set scheduler.age_bound=0s | podium serve: command line: scheduler.age_bound: 0s (expected: 1us to 1h)",
        "serve --set admission.target_wait=0s | podium serve: command line: admission.target_wait: 0s (expected: 1us to 1h)",
        "serve --set ranking.default_deadline=50 | podium serve: command line: ranking.default_deadline: '50' (expected: a time such as 50ms, 1.5s or 2m)",
        "demo --top-k 0          | podium demo: --top-k: 0 (expected: 1 or more)"
      })
  void aWrongCommandLineIsOneLineAndStatusTwo(String line, String error) {
    Command run = Command.run(line == null ? new String[0] : line.split(" "));

    assertThat(run.err()).isEqualToIgnoringNewLines(error);
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
  }

  @Test
  void helpAndVersionAreNoErrors() {
    assertThat(Command.run("--help").status()).isZero();
    assertThat(Command.run("--help").out()).contains("demo", "rank");
    assertThat(Command.run("rank", "--help").out()).contains("--target=TARGET");
    assertThat(Command.run("--version").out()).startsWith("podium ");
  }

  @Test
  void aFolderOfModelsThatIsNotThereIsOneLineAndStatusTwo() {
    Command run =
        Command.run("serve", "--models", "no/such/folder", "--port", "0", "--admin-port", "0");

    assertThat(run.err().lines()).singleElement().asString().contains("no/such/folder");
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
  }

  @Test
  void settingsArePrintedOnRequestAsYaml() {
    Command run = Command.run("serve", "--host", "::", "--port", "5", "--print-config");

    assertThat(run.status()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .contains("grpc:\n", "  host: \"::\"\n", "  port: 5\n", "  max_wait: 1s\n");
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 127.0.0.1:7",
    "::1, [::1]:7",
    "::, [::]:7",
    "fd00:0:0:0:0:0:0:2, [fd00::2]:7"
  })
  void anAddressIsPrintedAsATargetTakesIt(String host, String printed) {
    assertThat(ServeCommand.text(new InetSocketAddress(host, 7))).isEqualTo(printed);
  }
}
