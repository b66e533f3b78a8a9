/**
 * What can go wrong with a request, in terms that every room shares and {@code rpc} turns into a
 * gRPC status.
 */
package dev.podium.server.fault;
