package dev.podium.loadtest;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Which packages of the load test use which, and who may import what. */
class RoomsTest {
  private static final String ROOT = "dev.podium.loadtest";

  private static final Set<String> WIRE = Set.of("dev.podium.ranking.v1", "dev.podium.inference");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new DoNotIncludeTests())
          .importPackages("dev.podium");

  /** What a package may use beside itself, its wire and libraries. The root may use all of them. */
  private static final Map<String, List<String>> ARROWS =
      Map.of(
          "fault", List.of(),
          "arrivals", List.of("fault"),
          "workload", List.of("fault"),
          "protocol", List.of("fault"),
          "measure", List.of("arrivals", "protocol", "workload"),
          "search", List.of("arrivals", "fault", "measure"),
          "report", List.of("arrivals", "fault", "measure"),
          "run",
              List.of("arrivals", "fault", "measure", "protocol", "report", "search", "workload"),
          "bench", List.of("fault", "measure", "protocol", "report", "workload"));

  @Test
  void aPackageUsesOnlyThoseBelowIt() {
    ARROWS.forEach(RoomsTest::mayUse);
  }

  @Test
  void everyPackageHasItsRow() {
    assertThat(
            CLASSES.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> name.startsWith(ROOT + "."))
                .map(name -> name.substring(ROOT.length() + 1))
                .collect(Collectors.toSet()))
        .isEqualTo(ARROWS.keySet());
  }

  @Test
  void noPackagesUseEachOtherInACircle() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void theLoadTestKnowsTheWireAndNothingElseOfPodiums() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "..")
        .should()
        .dependOnClassesThat(
            describe(
                "are Podium's, but neither the load test's nor the wire's",
                type ->
                    type.getPackageName().startsWith("dev.podium")
                        && !type.getPackageName().startsWith(ROOT)
                        && !WIRE.contains(type.getPackageName())))
        .check(CLASSES);
  }

  @Test
  void librariesHaveOnePlace() {
    onlyIn("ai.onnxruntime..", ROOT + ".bench");
    onlyIn("io.netty..", ROOT + ".protocol");
    onlyIn("picocli..", ROOT, ROOT + ".fault");
  }

  @Test
  void aBrokenRuleIsNoticed() {
    assertThatThrownBy(() -> mayUse("run", List.of("fault"))).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> onlyIn("io.netty..", ROOT)).isInstanceOf(AssertionError.class);
  }

  private static void mayUse(String room, List<String> others) {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + room)
        .should()
        .dependOnClassesThat(
            describe(
                "are the load test's, in another package than " + room + " and " + others,
                type ->
                    type.getPackageName().startsWith(ROOT)
                        && !type.getPackageName().equals(ROOT + "." + room)
                        && others.stream()
                            .noneMatch(other -> type.getPackageName().equals(ROOT + "." + other))))
        .check(CLASSES);
  }

  private static void onlyIn(String library, String... packages) {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "..")
        .and()
        .resideOutsideOfPackages(packages)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(CLASSES);
  }
}
