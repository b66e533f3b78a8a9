package dev.podium.server.admission;

/**
 * How full the server is at one moment.
 *
 * @param limitRows the limit on rows in flight as it stands
 * @param rows rows in flight
 * @param bytes bytes of requests that arrive or are in work, and of answers that wait to be sent
 * @param refusedForRows requests refused since the start because of the rows
 * @param refusedForBytes requests refused since the start because of the bytes
 */
public record AdmissionSnapshot(
    long limitRows, long rows, long bytes, long refusedForRows, long refusedForBytes) {}
