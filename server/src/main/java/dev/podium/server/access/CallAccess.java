package dev.podium.server.access;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import io.grpc.Context;

/** What the caller of one call may do. Immutable. */
public final class CallAccess {
  /** A server without authentication lets everybody do everything. */
  private static final CallAccess ANYTHING = new CallAccess(null, "", null);

  static final Context.Key<CallAccess> KEY = Context.keyWithDefault("podium-access", ANYTHING);

  private final AccessRules rules;
  private final String principal;
  private final MethodGroup method;

  CallAccess(AccessRules rules, String principal, MethodGroup method) {
    this.rules = rules;
    this.principal = principal;
    this.method = method;
  }

  /** That of the current call. */
  public static CallAccess current() {
    return KEY.get();
  }

  /** Whether the call may have to do with a model. */
  public boolean allows(String model) {
    return rules == null || rules.allows(principal, method, model);
  }

  /**
   * Refuses a model that the caller may not use, whether there is one or not.
   *
   * @throws RankException PERMISSION_DENIED
   */
  public void check(String model) throws RankException {
    if (!allows(model)) {
      throw new RankException(
          FaultCode.PERMISSION_DENIED,
          "'" + principal + "': may not " + method + " model " + Quoted.text(model));
    }
  }

  /** The caller's name; empty without authentication. */
  public String principal() {
    return principal;
  }
}
