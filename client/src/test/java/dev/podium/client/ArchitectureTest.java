package dev.podium.client;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import org.junit.jupiter.api.Test;

// Rules are checked from plain tests: as @ArchTest fields, the JUnit engine finds them but Surefire
// runs none.
class ArchitectureTest {
  private static final Set<String> OWN_AND_WIRE =
      Set.of("dev.podium.client", "dev.podium.ranking.v1");

  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.podium.client");

  @Test
  void theClientNeverSeesTheServerOnlyTheWire() {
    noClasses()
        .should()
        .dependOnClassesThat(
            describe("are Podium's, but neither the client's nor the wire's", this::isForeign))
        .check(classes);
  }

  @Test
  void onlyConnectionsKnowNetty() {
    noClasses()
        .that()
        .doNotHaveSimpleName("Connection")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.netty..", "io.grpc.netty..")
        .check(classes);
  }

  @Test
  void onlyTheSenderMakesRankingCalls() {
    noClasses()
        .that()
        .doNotHaveSimpleName("GrpcSender")
        .should()
        .dependOnClassesThat()
        .haveSimpleName("RankingServiceGrpc")
        .check(classes);
  }

  @Test
  void aBrokenRuleIsSeen() {
    assertThatThrownBy(
            () ->
                noClasses()
                    .should()
                    .dependOnClassesThat()
                    .haveSimpleName("RankingServiceGrpc")
                    .check(classes))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("GrpcSender");
  }

  private boolean isForeign(JavaClass type) {
    return type.getPackageName().startsWith("dev.podium")
        && !OWN_AND_WIRE.contains(type.getPackageName());
  }
}
