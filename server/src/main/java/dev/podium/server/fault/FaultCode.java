package dev.podium.server.fault;

/**
 * What kind of failure a request met. The names are gRPC's status codes, which is what callers see.
 */
public enum FaultCode {
  CANCELLED,
  INVALID_ARGUMENT,
  DEADLINE_EXCEEDED,
  NOT_FOUND,
  PERMISSION_DENIED,
  RESOURCE_EXHAUSTED,
  UNAVAILABLE,
  INTERNAL
}
