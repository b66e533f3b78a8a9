/** Netty: TCP, Unix domain socket, TLS and mutual TLS, what a client may ask of them. */
package dev.podium.server.transport;
