package dev.podium.server.rpc;

import com.google.protobuf.ByteString;
import dev.podium.inference.InferTensorContents;
import dev.podium.inference.ModelInferRequest;
import dev.podium.inference.ModelInferRequest.InferInputTensor;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.CandidateIds;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RaggedInt64Values;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.StringValues;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Requests to the small models of {@link dev.podium.server.TestModels}. */
final class TestMessages {
  private TestMessages() {}

  /** To {@code sum}: candidate i has the item {@code i % 5} and the numbers i + 1 and 1. */
  static RankRequest.Builder rank(String model, int rows) {
    Int64Values.Builder items = Int64Values.newBuilder();
    FloatValues.Builder numbers = FloatValues.newBuilder();
    StringValues.Builder ids = StringValues.newBuilder();
    for (int i = 0; i < rows; i++) {
      items.addValues(i % 5);
      numbers.addValues(i + 1).addValues(1);
      ids.addValues("id" + i);
    }
    return RankRequest.newBuilder()
        .setRequestId("r")
        .setModel(ModelSpec.newBuilder().setName(model))
        .addContext(
            FeatureColumn.newBuilder()
                .setName("user")
                .setInt64Values(Int64Values.newBuilder().addValues(3)))
        .addOutputs("score")
        .setCandidates(
            CandidateBatch.newBuilder()
                .setCount(rows)
                .setIds(CandidateIds.newBuilder().setStringIds(ids))
                .addColumns(FeatureColumn.newBuilder().setName("item").setInt64Values(items))
                .addColumns(FeatureColumn.newBuilder().setName("x").setFloatValues(numbers)));
  }

  /** The same rows as tensors, typed or raw. */
  static ModelInferRequest.Builder infer(String model, int rows, boolean raw) {
    ByteBuffer users = little(rows * Long.BYTES);
    ByteBuffer items = little(rows * Long.BYTES);
    ByteBuffer numbers = little(2 * rows * Float.BYTES);
    InferTensorContents.Builder typedUsers = InferTensorContents.newBuilder();
    InferTensorContents.Builder typedItems = InferTensorContents.newBuilder();
    InferTensorContents.Builder typedNumbers = InferTensorContents.newBuilder();
    for (int i = 0; i < rows; i++) {
      users.putLong(3);
      items.putLong(i % 5);
      numbers.putFloat(i + 1).putFloat(1);
      typedUsers.addInt64Contents(3);
      typedItems.addInt64Contents(i % 5);
      typedNumbers.addFp32Contents(i + 1).addFp32Contents(1);
    }
    InferInputTensor.Builder user = input("user", "INT64", rows);
    InferInputTensor.Builder item = input("item", "INT64", rows);
    InferInputTensor.Builder x = input("x", "FP32", rows, 2);
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder().setModelName(model).setId("i");
    if (raw) {
      request
          .addRawInputContents(ByteString.copyFrom(users.array()))
          .addRawInputContents(ByteString.copyFrom(items.array()))
          .addRawInputContents(ByteString.copyFrom(numbers.array()));
    } else {
      user.setContents(typedUsers);
      item.setContents(typedItems);
      x.setContents(typedNumbers);
    }
    return request.addInputs(user).addInputs(item).addInputs(x);
  }

  /** To {@code history}: one list of numbers for all candidates. */
  static RankRequest.Builder history(int rows, int length) {
    RaggedInt64Values.Builder values = RaggedInt64Values.newBuilder().addRowLengths(length);
    for (int i = 0; i < length; i++) {
      values.addValues(i % 7);
    }
    return RankRequest.newBuilder()
        .setModel(ModelSpec.newBuilder().setName("history"))
        .addContext(FeatureColumn.newBuilder().setName("history").setRaggedInt64Values(values))
        .setCandidates(CandidateBatch.newBuilder().setCount(rows));
  }

  /** What {@code sum} gives candidate i of {@link #rank}. */
  static float sum(int i) {
    return i + 1 + 10 + 100 * (i % 5) + 1000 * 3;
  }

  static InferInputTensor.Builder input(String name, String datatype, long... shape) {
    InferInputTensor.Builder input =
        InferInputTensor.newBuilder().setName(name).setDatatype(datatype);
    for (long size : shape) {
      input.addShape(size);
    }
    return input;
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
