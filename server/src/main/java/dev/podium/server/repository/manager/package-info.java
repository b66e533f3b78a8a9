/** The versions of each model and their states: what is loaded, serves, leaves. */
package dev.podium.server.repository.manager;
