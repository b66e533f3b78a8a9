package dev.podium.server.repository.manager;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.repository.manager.Reconciliation.Version;
import dev.podium.server.repository.source.VersionFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * From what there is and what is desired to the next steps. A version reads {@code
 * number:state/progress}; a desired one ends in {@code !} where it is to be loaded anew.
 */
class ReconciliationTest {
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          a start                              | 1 2  | -     | -                                             | load 1, load 2
          loaded: done                         | 1    | -     | 1:available/loaded                            | -
          a new version comes first            | 2    | -     | 1:available/untouched                         | load 2
          the old one leaves when it serves    | 2    | -     | 1:available/untouched 2:available/loaded      | unload 1
          left: done                           | 2    | -     | 1:unloading/leaving 2:available/loaded        | -
          gone: shown until the next change    | 2    | -     | 1:unloaded/leaving 2:available/loaded         | -
          then forgotten                       | 2    | -     | 1:unloaded/untouched 2:available/untouched    | forget 1
          so is one that failed                | 2    | -     | 1:failed/untouched 2:available/untouched      | forget 1
          a failed load takes nothing away     | 2    | -     | 1:available/untouched 2:failed/failed         | -
          it is tried again at the next change | 2    | -     | 1:available/untouched 2:failed/untouched      | load 2
          one of two failed: nothing is taken  | 2 3  | -     | 1:available/untouched 2:available/loaded 3:failed/failed | -
          what serves isn't loaded again       | 1    | -     | 1:available/untouched                         | -
          unless it is wanted anew             | 1!   | -     | 1:available/untouched                         | load 1
          once                                 | 1!   | -     | 1:available/loaded                            | -
          also when that failed                | 1!   | -     | 1:available/failed                            | -
          a failed reload takes nothing away   | 2!   | -     | 1:available/untouched 2:available/failed      | -
          what left comes back                 | 1    | -     | 1:unloaded/untouched                          | load 1
          what still leaves comes back         | 1    | -     | 1:unloading/untouched                         | load 1
          problems: loaded all the same        | 1    | lost  | -                                             | load 1
          problems: nothing is taken away      | 2    | lost  | 1:available/untouched 2:available/loaded      | -
          unreadable: nothing at all           | -    | lost  | 1:available/untouched 3:failed/untouched      | -
          """)
  void steps(String name, String wanted, String problem, String now, String expected) {
    Desired desired = desired(wanted, problem, Map.of());
    assertThat(words(Reconciliation.next(desired, versions(now), Map.of())))
        .as(name)
        .isEqualTo(expected == null ? "" : expected);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          a start: labels are there at once  | 1 2  | -    | -                                        | relabel, load 1, load 2
          they wait for the new version      | 2    | -    | 1:available/untouched                    | load 2
          and move before the old one leaves | 2    | -    | 1:available/untouched 2:available/loaded | relabel, unload 1
          they stay where a load failed      | 2    | -    | 1:available/untouched 2:failed/failed    | -
          and where one can't be had         | 1    | lost | 1:available/untouched                    | -
          but a start is no move             | 1    | lost | -                                        | relabel, load 1
          nothing desired, nothing moved     | -    | lost | 1:unloaded/untouched                     | -
          """)
  void labels(String name, String wanted, String problem, String now, String expected) {
    Desired desired = desired(wanted, problem, Map.of("stable", 2L));
    assertThat(words(Reconciliation.next(desired, versions(now), Map.of("stable", 1L))))
        .as(name)
        .isEqualTo(expected == null ? "" : expected);
    assertThat(words(Reconciliation.next(desired, versions(now), Map.of("stable", 2L))))
        .as("labels that are right don't move")
        .doesNotContain("relabel");
  }

  @ParameterizedTest
  @CsvSource({
    "LOADING,AVAILABLE FAILED",
    "AVAILABLE,UNLOADING",
    "UNLOADING,UNLOADED",
    "UNLOADED,''",
    "FAILED,''"
  })
  void statesGoOneWay(VersionState from, String to) {
    List<String> next = new ArrayList<>();
    for (VersionState state : VersionState.values()) {
      if (from.leadsTo(state)) {
        next.add(state.name());
      }
    }
    assertThat(String.join(" ", next)).isEqualTo(to);
  }

  private static Desired desired(String wanted, String problem, Map<String, Long> labels) {
    NavigableMap<Long, VersionFolder> versions = new TreeMap<>();
    boolean anew = wanted != null && wanted.endsWith("!");
    for (String number : wanted == null ? new String[0] : wanted.replace("!", "").split(" ")) {
      Path model = Path.of("m");
      long version = Long.parseLong(number);
      versions.put(version, new VersionFolder("m", version, model, model.resolve(number)));
    }
    return new Desired(
        "m", versions, labels, anew, problem == null ? List.of() : List.of(problem), List.of());
  }

  private static NavigableMap<Long, Version> versions(String text) {
    NavigableMap<Long, Version> versions = new TreeMap<>();
    for (String version : text == null ? new String[0] : text.split(" ")) {
      String[] parts = version.split("[:/]");
      versions.put(
          Long.valueOf(parts[0]),
          new Version(
              VersionState.valueOf(parts[1].toUpperCase(Locale.ROOT)),
              Progress.valueOf(parts[2].toUpperCase(Locale.ROOT))));
    }
    return versions;
  }

  private static String words(List<Action> actions) {
    List<String> words = new ArrayList<>();
    for (Action action : actions) {
      if (action instanceof Action.Load load) {
        words.add("load " + load.version());
      } else if (action instanceof Action.Unload unload) {
        words.add("unload " + unload.version());
      } else if (action instanceof Action.Forget forget) {
        words.add("forget " + forget.version());
      } else {
        words.add("relabel");
      }
    }
    return String.join(", ", words);
  }
}
