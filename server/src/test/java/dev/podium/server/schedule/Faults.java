package dev.podium.server.schedule;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Makes one of many calls fail: stands before every object that the scheduler calls, counts the
 * calls, and throws at one of them. Thread-safe.
 */
final class Faults {
  /** Calls that fail after they did their work: what they are for has happened, or will not. */
  private static final Set<String> AFTER = Set.of("close", "failed", "execute");

  private final Supplier<Throwable> fault;
  private final int at;
  private final List<String> calls = new ArrayList<>();
  private boolean armed;
  private String hit;

  /**
   * @param at number of the call that fails; -1 for none
   * @param fault makes what it throws
   */
  Faults(int at, Supplier<Throwable> fault) {
    this.at = at;
    this.fault = fault;
  }

  /** Calls count from now on. */
  synchronized void arm() {
    armed = true;
  }

  /** Nothing fails from now on. */
  synchronized void disarm() {
    armed = false;
  }

  /** Calls that were counted. */
  synchronized int calls() {
    return calls.size();
  }

  /** The call that failed, or null. */
  synchronized String hit() {
    return hit;
  }

  /** How often each call was counted. */
  synchronized Map<String, Integer> counts() {
    Map<String, Integer> counts = new HashMap<>();
    calls.forEach(call -> counts.merge(call, 1, Integer::sum));
    return counts;
  }

  /** The object, with a fault before or after each of its methods; results are wrapped as well. */
  <T> T wrap(Class<T> type, T target) {
    return type.cast(
        Proxy.newProxyInstance(
            Faults.class.getClassLoader(), new Class<?>[] {type}, new Wrapper(type, target)));
  }

  private final class Wrapper implements InvocationHandler {
    private final Class<?> type;
    private final Object target;

    Wrapper(Class<?> type, Object target) {
      this.type = type;
      this.target = target;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      if (method.getDeclaringClass() == Object.class) {
        return method.invoke(target, arguments);
      }
      boolean after = AFTER.contains(method.getName());
      Throwable thrown = next(type.getSimpleName() + "." + method.getName());
      if (thrown != null && !after) {
        throw thrown;
      }
      Object result;
      try {
        result = method.invoke(target, unwrapped(arguments));
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
      if (thrown != null) {
        throw thrown;
      }
      Class<?> made = method.getReturnType();
      boolean wrapped = result != null && made.isInterface() && made.getName().contains(".engine.");
      return wrapped ? wrap(made, result) : result;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private Object wrap(Class made, Object result) {
      return Faults.this.wrap(made, result);
    }

    private Object[] unwrapped(Object[] arguments) {
      Object[] plain = arguments == null ? new Object[0] : arguments.clone();
      for (int i = 0; i < plain.length; i++) {
        if (plain[i] != null
            && Proxy.isProxyClass(plain[i].getClass())
            && Proxy.getInvocationHandler(plain[i]) instanceof Wrapper wrapper) {
          plain[i] = wrapper.target;
        }
      }
      return plain;
    }
  }

  private synchronized Throwable next(String call) {
    if (!armed) {
      return null;
    }
    calls.add(call);
    if (calls.size() - 1 != at) {
      return null;
    }
    hit = call;
    return fault.get();
  }
}
