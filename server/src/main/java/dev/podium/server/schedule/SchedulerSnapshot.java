package dev.podium.server.schedule;

/**
 * What the scheduler is doing at one moment.
 *
 * @param workers number of workers
 * @param busyWorkers workers that have something to do
 * @param liveTasks tasks accepted and not yet ended, or still running
 * @param waitingTasks tasks with rows that no worker has taken
 * @param waitingRows those rows
 * @param waitingMicros expected time to work them off, in microseconds
 * @param assembledBytes memory of large requests' features, in use and kept for the next
 * @param abandonedRows rows, since the start, of tiles whose request ended while they ran
 * @param workersReplaced workers that died, since the start
 */
public record SchedulerSnapshot(
    int workers,
    int busyWorkers,
    int liveTasks,
    int waitingTasks,
    long waitingRows,
    long waitingMicros,
    long assembledBytes,
    long abandonedRows,
    long workersReplaced) {}
