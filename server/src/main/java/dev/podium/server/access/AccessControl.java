package dev.podium.server.access;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Finds out who calls, and refuses what they may not do: UNAUTHENTICATED without good credentials,
 * PERMISSION_DENIED if the rules don't allow the method. Health checks pass without. A stream is
 * ended when its credentials are no longer good: at its next message, or when the files are next
 * looked at. Thread-safe.
 */
public final class AccessControl implements ServerInterceptor {
  private static final Logger LOG = Logger.getLogger(AccessControl.class.getName());
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> CHALLENGE =
      Metadata.Key.of("www-authenticate", Metadata.ASCII_STRING_MARSHALLER);
  private static final String SCHEME = "Bearer ";

  private final AccessOptions options;
  private final AccessRules rules;
  private final TokenFile tokens;
  private final JwtKeys jwts;
  private final BiConsumer<ServerCall<?, ?>, Status> end;
  private final Set<OpenStream> streams = ConcurrentHashMap.newKeySet();

  /**
   * Reads the files.
   *
   * @param millis since the epoch
   * @param end ends a call whatever its handler does at that moment
   * @throws AccessException if one can't be read, naming it
   */
  public AccessControl(
      AccessOptions options, LongSupplier millis, BiConsumer<ServerCall<?, ?>, Status> end)
      throws AccessException {
    this.options = options;
    this.rules = options.accessRules();
    this.end = end;
    this.tokens = options.tokens() == null ? null : new TokenFile(options.tokens());
    this.jwts =
        options.jwks() == null
            ? null
            : new JwtKeys(options.jwks(), options.issuer(), options.audience(), millis);
  }

  /**
   * Looks whether the files have changed.
   *
   * @return whether what they say now is in force; if not, what they said before is
   */
  public boolean reload() {
    boolean tokensRead = tokens == null || tokens.reload();
    boolean jwtsRead = jwts == null || jwts.reload();
    streams.forEach(OpenStream::check);
    return tokensRead && jwtsRead;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    MethodGroup method = MethodGroup.of(call.getMethodDescriptor().getFullMethodName());
    if (method == MethodGroup.HEALTH) {
      return next.startCall(call, headers);
    }
    String principal;
    try {
      principal = principal(call, headers.get(AUTHORIZATION));
    } catch (AccessException e) {
      LOG.log(
          Level.FINE,
          "{0} from {1}: {2}",
          new Object[] {
            call.getMethodDescriptor().getFullMethodName(),
            call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR),
            e.getMessage()
          });
      Metadata trailers = new Metadata();
      trailers.put(CHALLENGE, "Bearer");
      return refuse(call, Status.UNAUTHENTICATED.withDescription(e.getMessage()), trailers);
    }
    if (!rules.allows(principal, method)) {
      return refuse(
          call,
          Status.PERMISSION_DENIED.withDescription("'" + principal + "': may not " + method),
          new Metadata());
    }
    Context context =
        Context.current().withValue(CallAccess.KEY, new CallAccess(rules, principal, method));
    ServerCall.Listener<Q> listener = Contexts.interceptCall(context, call, headers, next);
    return call.getMethodDescriptor().getType() == MethodDescriptor.MethodType.UNARY
        ? listener
        : new OpenStreamListener<>(
            new OpenStream(call, headers.get(AUTHORIZATION), principal), listener);
  }

  /** A stream, and what its caller showed at its beginning. */
  private final class OpenStream {
    private final ServerCall<?, ?> call;
    private final String header;
    private final String principal;

    OpenStream(ServerCall<?, ?> call, String header, String principal) {
      this.call = call;
      this.header = header;
      this.principal = principal;
    }

    /** Ends the stream unless its credentials still say the same; returns whether they do. */
    boolean check() {
      String problem = "the credentials are another caller's now";
      try {
        if (principal(call, header).equals(principal)) {
          return true;
        }
      } catch (AccessException e) {
        problem = e.getMessage();
      }
      end.accept(call, Status.UNAUTHENTICATED.withDescription(problem));
      return false;
    }
  }

  /** Looks at the stream's credentials again at each message. */
  private final class OpenStreamListener<Q> extends SimpleForwardingServerCallListener<Q> {
    private final OpenStream stream;

    OpenStreamListener(OpenStream stream, ServerCall.Listener<Q> handler) {
      super(handler);
      this.stream = stream;
      streams.add(stream);
    }

    @Override
    public void onMessage(Q message) {
      if (stream.check()) {
        super.onMessage(message);
      }
    }

    @Override
    public void onCancel() {
      streams.remove(stream);
      super.onCancel();
    }

    @Override
    public void onComplete() {
      streams.remove(stream);
      super.onComplete();
    }
  }

  private String principal(ServerCall<?, ?> call, String header) throws AccessException {
    if (header != null && (tokens != null || jwts != null)) {
      return bearer(header);
    }
    if (options.clientCertificates()) {
      String name =
          ClientCertificates.principal(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
      if (name != null) {
        return name;
      }
    }
    if (options.trustUnixSocket()
        && !(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)
            instanceof InetSocketAddress)) {
      return "unix-socket";
    }
    throw new AccessException("no credentials (expected: " + expected() + ")");
  }

  private String bearer(String header) throws AccessException {
    if (!header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw new AccessException("authorization: another scheme (expected: Bearer)");
    }
    String token = header.substring(SCHEME.length()).trim();
    String known = tokens == null ? null : tokens.principal(token);
    if (known != null) {
      return known;
    }
    boolean looksLikeJwt = token.chars().filter(c -> c == '.').count() == 2;
    if (jwts != null && looksLikeJwt) {
      return jwts.principal(token);
    }
    throw new AccessException("unknown token (expected: one that this server knows)");
  }

  private String expected() {
    String bearer = tokens != null || jwts != null ? "a bearer token" : "";
    String certificate = options.clientCertificates() ? "a client certificate" : "";
    return bearer + (bearer.isEmpty() || certificate.isEmpty() ? "" : " or ") + certificate;
  }

  private static <Q> ServerCall.Listener<Q> refuse(
      ServerCall<Q, ?> call, Status status, Metadata trailers) {
    call.close(status, trailers);
    return new ServerCall.Listener<>() {};
  }
}
