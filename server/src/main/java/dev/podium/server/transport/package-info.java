/** Netty: TCP, Unix domain socket, message limits. */
package dev.podium.server.transport;
