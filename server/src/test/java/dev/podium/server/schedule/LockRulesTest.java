package dev.podium.server.schedule;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * What Error Prone's {@code @GuardedBy} can't see of the rules in {@link SchedulerState}: objects
 * behind a guarded field have no lock of their own, so only classes that are reached through one
 * may touch them.
 *
 * <p>What Error Prone does see: take {@code state.lock.lock()} out of any method, and {@code mvn
 * compile} ends with "[GuardedBy] This access should be guarded by 'this.state.lock', which is not
 * currently held".
 */
class LockRulesTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new DoNotIncludeTests())
          .importPackages("dev.podium.server.schedule");

  /** The queue and what it consists of. */
  private static final Set<String> QUEUE =
      Set.of("TileQueue", "ActiveFlows", "TileFormer", "TaskHeap", "Flow", "WaitEstimate");

  private static final Set<String> HOW_A_TASK_WAITS =
      Set.of(
          "due",
          "sequence",
          "dueIndex",
          "deadlineIndex",
          "flow",
          "alone",
          "waitingMicros",
          "nextTile");

  @Test
  void onlyTheQueueTouchesHowATaskWaits() {
    JavaClass task = CLASSES.get(RankTask.class);
    assertThat(task.getFields()).extracting(JavaField::getName).containsAll(HOW_A_TASK_WAITS);
    Set<String> allowed = new TreeSet<>(QUEUE);
    allowed.add("RankTask");
    for (JavaFieldAccess access : task.getFieldAccessesToSelf()) {
      if (HOW_A_TASK_WAITS.contains(access.getTarget().getName())) {
        assertThat(access.getOriginOwner().getSimpleName()).as(access.toString()).isIn(allowed);
      }
    }
  }

  @Test
  void onlyTheQueueTouchesItsParts() {
    for (Class<?> part : List.of(ActiveFlows.class, TileFormer.class, TaskHeap.class, Flow.class)) {
      noClasses()
          .that(
              new DescribedPredicate<JavaClass>("outside of the queue") {
                @Override
                public boolean test(JavaClass origin) {
                  return !QUEUE.contains(origin.getSimpleName())
                      && !origin.isEquivalentTo(VersionQueue.class)
                      && !origin.isEquivalentTo(RankTask.class);
                }
              })
          .should()
          .dependOnClassesThat()
          .areAssignableTo(part)
          .check(CLASSES);
    }
  }

  @Test
  void whatTheStateSharesIsGuarded() {
    fields()
        .that()
        .areDeclaredIn(SchedulerState.class)
        .and()
        .areNotFinal()
        .should()
        .beAnnotatedWith("com.google.errorprone.annotations.concurrent.GuardedBy")
        .check(CLASSES);
  }
}
