/**
 * What can go wrong with a request, and who suffers first when there is too much to do, in terms
 * that every room shares and {@code rpc} turns into a gRPC status.
 */
package dev.podium.server.fault;
