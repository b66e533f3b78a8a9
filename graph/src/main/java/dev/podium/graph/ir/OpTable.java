package dev.podium.graph.ir;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is done for each kind of operator. A table can't be made unless it has a case for every
 * permitted kind: a new operator is an error in whatever does not know it, when its class loads.
 *
 * @param <A> what a case gets besides the operator
 * @param <R> what it gives
 * @param <E> what it may throw; RuntimeException for nothing
 */
public final class OpTable<A, R, E extends Exception> {
  /** What is done for operators of one kind. */
  @FunctionalInterface
  public interface Case<O extends Op, A, R, E extends Exception> {
    /** Does it. */
    R apply(O op, A argument) throws E;
  }

  private final Map<Class<? extends Op>, Case<Op, A, R, E>> cases;

  private OpTable(Map<Class<? extends Op>, Case<Op, A, R, E>> cases) {
    this.cases = Map.copyOf(cases);
  }

  /** Starts a table. */
  public static <A, R, E extends Exception> Builder<A, R, E> builder() {
    return new Builder<>();
  }

  /** Does what the table says for an operator. */
  public R apply(Op op, A argument) throws E {
    return cases.get(op.getClass()).apply(op, argument);
  }

  /** Collects cases. Not thread-safe. */
  public static final class Builder<A, R, E extends Exception> {
    private final Map<Class<? extends Op>, Case<Op, A, R, E>> cases = new HashMap<>();

    private Builder() {}

    /** What is done for operators of one kind. */
    public <O extends Op> Builder<A, R, E> on(
        Class<O> kind, Case<? super O, ? super A, ? extends R, ? extends E> action) {
      if (cases.put(kind, (op, argument) -> action.apply(kind.cast(op), argument)) != null) {
        throw new IllegalStateException(
            "operator " + kind.getSimpleName() + ": two cases (expected: one)");
      }
      return this;
    }

    /**
     * The table for a dispatch.
     *
     * @param dispatch what it decides, for the error
     * @throws IllegalStateException if an operator has no case
     */
    public OpTable<A, R, E> build(String dispatch) {
      return build(dispatch, Set.of(Op.class.getPermittedSubclasses()));
    }

    OpTable<A, R, E> build(String dispatch, Set<Class<?>> operators) {
      Set<String> missing = new TreeSet<>();
      for (Class<?> operator : operators) {
        if (!cases.containsKey(operator)) {
          missing.add(operator.getSimpleName());
        }
      }
      if (!missing.isEmpty()) {
        throw new IllegalStateException(
            dispatch + ": no case for " + missing + " (expected: one for each operator)");
      }
      return new OpTable<>(cases);
    }
  }
}
