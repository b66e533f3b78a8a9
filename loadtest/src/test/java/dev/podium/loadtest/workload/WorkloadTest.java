package dev.podium.loadtest.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.loadtest.TestModels;
import dev.podium.loadtest.fault.InputException;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.RankRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkloadTest {
  private static final WorkloadSpec SPEC = WorkloadSpec.of(new Sizes.Uniform(5, 50));

  private static Workload workload(Model signature, WorkloadSpec spec) {
    return new Workload(TestModels.NAME, signature, spec);
  }

  @Test
  void fillsEveryFeatureOfTheSignatureOnItsOwnSide() {
    Workload workload = workload(TestModels.filmsWithText(), SPEC);
    for (int i = 0; i < 200; i++) {
      RankRequest request = workload.request(i);
      int rows = request.getCandidates().getCount();
      assertThat(request.getModel()).isEqualTo(TestModels.NAME);
      assertThat(rows).isBetween(5, 50);
      assertThat(request.getContextList())
          .extracting(FeatureColumn::getName)
          .containsExactly("user_id", "age", "history");
      assertThat(request.getContext(0).getInt64Values().getValuesList())
          .hasSize(1)
          .allMatch(id -> id >= 0 && id < 1000);
      assertThat(request.getContext(2).getRaggedInt64Values().getRowLengthsList())
          .hasSize(1)
          .allMatch(length -> length >= 1 && length <= 4);
      assertThat(request.getContext(2).getRaggedInt64Values().getValuesList())
          .hasSize(request.getContext(2).getRaggedInt64Values().getRowLengths(0))
          .allMatch(id -> id >= 0 && id < 500);
      List<FeatureColumn> columns = request.getCandidates().getColumnsList();
      assertThat(columns)
          .extracting(FeatureColumn::getName)
          .containsExactly("item_id", "price", "genre");
      assertThat(columns.get(0).getInt64Values().getValuesList())
          .hasSize(rows)
          .doesNotHaveDuplicates()
          .allMatch(id -> id >= 0 && id < 500);
      assertThat(columns.get(1).getFloatValues().getValuesList())
          .hasSize(2 * rows)
          .allMatch(Float::isFinite);
      assertThat(columns.get(2).getStringValues().getValuesList())
          .hasSize(rows)
          .allMatch(List.of("drama", "comedy")::contains);
    }
  }

  @Test
  void equalSeedsGiveEqualRequestsAndOthersDoNot() {
    RankRequest one = workload(TestModels.films(), SPEC).request(17);
    assertThat(workload(TestModels.films(), SPEC).request(17)).isEqualTo(one);
    WorkloadSpec other = new WorkloadSpec(43, 1, 0, 0, SPEC.candidates(), null, Map.of());
    assertThat(workload(TestModels.films(), other).request(17)).isNotEqualTo(one);
  }

  @Test
  void aUserKeepsTheirProfileAndHistory() {
    Workload workload = workload(TestModels.films(), SPEC);
    Map<Long, List<FeatureColumn>> seen = new HashMap<>();
    int again = 0;
    for (int i = 0; i < 500; i++) {
      RankRequest request = workload.request(i);
      long user = request.getContext(0).getInt64Values().getValues(0);
      List<FeatureColumn> before = seen.putIfAbsent(user, request.getContextList());
      if (before != null) {
        assertThat(request.getContextList()).isEqualTo(before);
        again++;
      }
    }
    assertThat(again).isGreaterThan(100);
    assertThat(seen).hasSizeGreaterThan(100);
  }

  @Test
  void frequentIdsAreNoNeighbours() {
    Workload workload = workload(TestModels.films(), WorkloadSpec.of(new Sizes.Fixed(1)));
    Map<Long, Integer> counts = new HashMap<>();
    for (int i = 0; i < 5000; i++) {
      long item = workload.request(i).getCandidates().getColumns(0).getInt64Values().getValues(0);
      counts.merge(item, 1, Integer::sum);
    }
    List<Long> top =
        counts.entrySet().stream()
            .sorted((a, b) -> b.getValue() - a.getValue())
            .limit(3)
            .map(Map.Entry::getKey)
            .toList();
    // Zipf with exponent 1 over 500: the first rank has a share of 1 / 6.79.
    assertThat(counts.get(top.get(0)) / 5000.0).isBetween(0.12, 0.175);
    assertThat(Math.abs(top.get(0) - top.get(1))).isGreaterThan(1);
  }

  @Test
  void vocabulariesCanBeGiven() {
    WorkloadSpec spec =
        new WorkloadSpec(42, 0, 0, 0, new Sizes.Fixed(20), null, Map.of("item_id", 25L));
    assertThat(
            workload(TestModels.films(), spec)
                .request(0)
                .getCandidates()
                .getColumns(0)
                .getInt64Values()
                .getValuesList())
        .allMatch(id -> id < 25);
    WorkloadSpec wrong =
        new WorkloadSpec(42, 0, 0, 0, new Sizes.Fixed(20), null, Map.of("colour", 25L));
    assertThatThrownBy(() -> workload(TestModels.films(), wrong))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "vocabulary: feature 'colour' (expected: one of [user_id, age, history, item_id, price])");
  }

  @Test
  void historyLengthsCanBeGiven() {
    WorkloadSpec spec =
        new WorkloadSpec(42, 1, 0, 0, new Sizes.Fixed(1), new Sizes.Fixed(9), Map.of());
    assertThat(
            workload(TestModels.films(), spec)
                .request(0)
                .getContext(2)
                .getRaggedInt64Values()
                .getRowLengthsList())
        .containsExactly(9);
  }

  @Test
  void aModelWithoutSignatureIsRefused() {
    assertThatThrownBy(() -> workload(Model.getDefaultInstance(), SPEC))
        .isInstanceOf(WorkFailedException.class)
        .hasMessage(
            "model 'films': no signature (expected: at least 1 feature, to know what to send)");
  }

  @Test
  void aPoolIsBoundedInBytesAndUsedInTurn() {
    Workload workload = workload(TestModels.films(), WorkloadSpec.of(new Sizes.Fixed(10)));
    RequestPool pool = RequestPool.build(workload, RankRequest::toByteArray, 100, 1000);
    assertThat(pool.size()).isBetween(2, 99);
    assertThat(pool.meanCandidates()).isEqualTo(10);
    assertThat(pool.request(0)).isEqualTo(workload.request(0).toByteArray());
    assertThat(pool.request(pool.size() + 1L)).isSameAs(pool.request(1));
    assertThat(RequestPool.build(workload, RankRequest::toByteArray, 100, 0).size()).isEqualTo(1);
  }
}
