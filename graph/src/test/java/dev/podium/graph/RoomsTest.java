package dev.podium.graph;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The arrows between the compiler's packages, as ARCHITECTURE.md draws them. */
class RoomsTest {
  private static final String ROOT = "dev.podium.graph";
  private static final Path SOURCES = Path.of("src/main/java/dev/podium/graph");
  private static final int MOST_LINES = 400;
  private static final JavaClasses CLASSES =
      new ClassFileImporter().withImportOption(new DoNotIncludeTests()).importPackages(ROOT);

  @Test
  void packagesUseOnlyThoseBelowThem() {
    mayUse("onnx");
    mayUse("ir", "onnx");
    mayUse("analysis", "ir", "onnx");
    mayUse("importer", "ir", "onnx");
    mayUse("pass", "analysis", "ir", "onnx");
    mayUse("lowering", "ir", "onnx");
    mayUse("rows", "onnx");
    mayUse("reference", "onnx");
  }

  @Test
  void noPackagesUseEachOtherInACircle() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void thePublicApiKnowsThePackagesAndTheyDontKnowIt() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT)
        .check(CLASSES);
  }

  @Test
  void nothingKnowsTheRuntimeOrTheServer() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("ai.onnxruntime..", "io.grpc..", "dev.podium.server..")
        .check(CLASSES);
  }

  @Test
  void thePackagesAreTabledWithTheirFirstSentences() throws IOException {
    Map<String, String> tabled = new TreeMap<>();
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of("../ARCHITECTURE.md"))) {
      inside = line.startsWith("| package | is | uses |") || inside && line.startsWith("|");
      if (inside && line.startsWith("| `")) {
        String[] cells = line.split("\\s*\\|\\s*");
        tabled.put(cells[1].replace("`", ""), cells[2]);
      }
    }
    Map<String, String> said = new TreeMap<>();
    try (Stream<Path> all = Files.walk(SOURCES)) {
      for (Path file : all.filter(f -> f.endsWith("package-info.java")).toList()) {
        if (!file.getParent().equals(SOURCES)) {
          said.put(file.getParent().getFileName().toString(), firstSentence(file));
        }
      }
    }
    assertThat(tabled).containsExactlyInAnyOrderEntriesOf(said);
  }

  private static String firstSentence(Path packageInfo) throws IOException {
    String text = Files.readString(packageInfo).replaceAll("\\R \\*", " ").replaceAll("\\s+", " ");
    return text.substring("/** ".length(), text.indexOf(". ", 4) + 1);
  }

  @Test
  void aBrokenRuleIsNoticed() {
    assertThatThrownBy(() -> mayUse("pass", "ir", "onnx")).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> mayUse("lowering", "onnx")).isInstanceOf(AssertionError.class);
  }

  @Test
  void noFileIsLargerThanAReaderCanHold() throws IOException {
    Map<String, List<Path>> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(SOURCES)) {
      all.filter(file -> file.toString().endsWith(".java"))
          .forEach(
              file ->
                  files
                      .computeIfAbsent(
                          SOURCES.relativize(file.getParent()).toString(), k -> new ArrayList<>())
                      .add(file));
    }
    for (Map.Entry<String, List<Path>> room : files.entrySet()) {
      Path largest = room.getValue().get(0);
      for (Path file : room.getValue()) {
        largest = lines(file) > lines(largest) ? file : largest;
      }
      System.out.printf(
          "graph/%s: %d files, largest %s with %d lines%n",
          room.getKey(), room.getValue().size(), largest.getFileName(), lines(largest));
      assertThat(lines(largest)).as("lines of " + largest).isLessThanOrEqualTo(MOST_LINES);
    }
  }

  private static int lines(Path file) throws IOException {
    return Files.readAllLines(file).size();
  }

  /** Of the compiler's packages, one may use itself and those named. */
  private static void mayUse(String room, String... others) {
    List<String> allowed = new ArrayList<>(List.of(others));
    allowed.add(room);
    DescribedPredicate<JavaClass> forbidden =
        new DescribedPredicate<>("of another package than %s", allowed) {
          @Override
          public boolean test(JavaClass target) {
            String name = target.getPackageName();
            return name.startsWith(ROOT)
                && allowed.stream().noneMatch(a -> name.equals(ROOT + "." + a));
          }
        };
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + room + "..")
        .should()
        .dependOnClassesThat(forbidden)
        .check(CLASSES);
  }
}
