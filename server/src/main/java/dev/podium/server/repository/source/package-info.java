/** What lies in the folder of models: model folders and their versions. */
package dev.podium.server.repository.source;
