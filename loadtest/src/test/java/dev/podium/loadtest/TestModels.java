package dev.podium.loadtest;

import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.Kind;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.Output;
import dev.podium.ranking.v1.Role;

/** Signatures for tests. */
public final class TestModels {
  private TestModels() {}

  /** The name that all of them go by. */
  public static final ModelSpec NAME = ModelSpec.newBuilder().setName("films").build();

  /** A DIN in miniature: user id, age, a history of 4; item id, two prices. */
  public static Model films() {
    return Model.newBuilder()
        .setModel(NAME)
        .addFeatures(categorical("user_id", Role.ROLE_CONTEXT, 1000))
        .addFeatures(categorical("age", Role.ROLE_CONTEXT, 8))
        .addFeatures(
            Feature.newBuilder()
                .setName("history")
                .setRole(Role.ROLE_CONTEXT)
                .setKind(Kind.KIND_SEQUENCE)
                .setWireType(DataType.DATA_TYPE_INT64)
                .setWidth(1)
                .setLength(4)
                .setVocabularySize(500))
        .addFeatures(categorical("item_id", Role.ROLE_CANDIDATE, 500))
        .addFeatures(
            Feature.newBuilder()
                .setName("price")
                .setRole(Role.ROLE_CANDIDATE)
                .setKind(Kind.KIND_DENSE)
                .setWireType(DataType.DATA_TYPE_FLOAT32)
                .setWidth(2))
        .addOutputs(Output.newBuilder().setName("ctr").setWidth(1))
        .build();
  }

  /** The films with a genre given as text. */
  public static Model filmsWithText() {
    return films().toBuilder()
        .addFeatures(
            Feature.newBuilder()
                .setName("genre")
                .setRole(Role.ROLE_CANDIDATE)
                .setKind(Kind.KIND_CATEGORICAL)
                .setWireType(DataType.DATA_TYPE_STRING)
                .setWidth(1)
                .addVocabularySample("drama")
                .addVocabularySample("comedy"))
        .build();
  }

  /** One id. */
  public static Feature categorical(String name, Role role, long vocabulary) {
    return Feature.newBuilder()
        .setName(name)
        .setRole(role)
        .setKind(Kind.KIND_CATEGORICAL)
        .setWireType(DataType.DATA_TYPE_INT64)
        .setWidth(1)
        .setVocabularySize(vocabulary)
        .build();
  }
}
