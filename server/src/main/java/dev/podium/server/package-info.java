/**
 * Where the server is put together: settings in, a running server out. The only room that knows all
 * others.
 */
package dev.podium.server;
