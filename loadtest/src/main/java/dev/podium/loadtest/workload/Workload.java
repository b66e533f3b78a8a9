package dev.podium.loadtest.workload;

import dev.podium.loadtest.fault.InputException;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.Kind;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.Role;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Ranking requests for any model, made from its signature alone. Users and items are drawn from
 * Zipf distributions; a user has the same profile and history in every request, an item the same
 * properties, so that caches of the server work as in production. Request number i depends on the
 * seed and i only. Immutable.
 */
public final class Workload {
  private static final int DRAWS_FOR_A_NEW_ITEM = 32;

  private final ModelSpec model;
  private final WorkloadSpec spec;
  private final List<FeatureDraw> context = new ArrayList<>();
  private final List<FeatureDraw> candidate = new ArrayList<>();
  private final Zipf users;
  private final Zipf items;

  /**
   * A workload.
   *
   * @param model what the requests name
   * @throws WorkFailedException if the signature has no features
   * @throws InputException if the spec names a feature that the signature does not have
   */
  public Workload(ModelSpec model, Model signature, WorkloadSpec spec) {
    this.model = model;
    this.spec = spec;
    if (signature.getFeaturesCount() == 0) {
      throw new WorkFailedException(
          "model '"
              + model.getName()
              + "': no signature (expected: at least 1 feature, to know what to send)");
    }
    for (String name : spec.vocabularies().keySet()) {
      if (signature.getFeaturesList().stream().noneMatch(f -> f.getName().equals(name))) {
        throw new InputException(
            "vocabulary: feature '"
                + name
                + "' (expected: one of "
                + signature.getFeaturesList().stream().map(Feature::getName).toList()
                + ")");
      }
    }
    Feature user = identity(signature, Role.ROLE_CONTEXT);
    Feature item = identity(signature, Role.ROLE_CANDIDATE);
    for (Feature feature : signature.getFeaturesList()) {
      boolean isContext = feature.getRole() == Role.ROLE_CONTEXT;
      FeatureDraw draw = new FeatureDraw(feature, spec, feature.equals(isContext ? user : item));
      (isContext ? context : candidate).add(draw);
    }
    this.users = new Zipf(count(spec.users(), user), spec.skew());
    this.items = new Zipf(count(spec.items(), item), spec.skew());
  }

  private long count(long asked, Feature identity) {
    if (asked > 0) {
      return asked;
    }
    return identity == null ? 100_000 : FeatureDraw.vocabulary(identity, spec);
  }

  /**
   * The categorical feature with the largest vocabulary: in a ranking model, the id of the user or
   * of the item.
   */
  private Feature identity(Model signature, Role role) {
    Feature largest = null;
    for (Feature feature : signature.getFeaturesList()) {
      boolean isContext = feature.getRole() == Role.ROLE_CONTEXT;
      if (isContext == (role == Role.ROLE_CONTEXT)
          && feature.getKind() == Kind.KIND_CATEGORICAL
          && feature.getWireType() != DataType.DATA_TYPE_FLOAT32
          && (largest == null
              || FeatureDraw.vocabulary(feature, spec) > FeatureDraw.vocabulary(largest, spec))) {
        largest = feature;
      }
    }
    return largest;
  }

  /** Request number {@code number}, from 0. */
  public RankRequest request(long number) {
    SplittableRandom random = new SplittableRandom(FeatureDraw.mix(spec.seed(), ~number));
    int count = spec.candidates().sample(random);
    long[] user = {users.sample(random) - 1};
    long[] rows = draw(count, random);
    CandidateBatch.Builder batch = CandidateBatch.newBuilder().setCount(count);
    candidate.forEach(draw -> batch.addColumns(draw.column(rows)));
    RankRequest.Builder request =
        RankRequest.newBuilder()
            .setRequestId("load-" + number)
            .setModel(model)
            .setCandidates(batch);
    context.forEach(draw -> request.addContext(draw.column(user)));
    return request.build();
  }

  /** Different items where there are enough of them, as a retrieval stage would give. */
  private long[] draw(int count, SplittableRandom random) {
    long[] rows = new long[count];
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < count; i++) {
      long item = items.sample(random) - 1;
      for (int draws = 1; !seen.add(item) && draws < DRAWS_FOR_A_NEW_ITEM; draws++) {
        item = items.sample(random) - 1;
      }
      rows[i] = item;
    }
    return rows;
  }
}
