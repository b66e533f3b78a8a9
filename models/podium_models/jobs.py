"""Trains many runs, several at a time, each in a process with one thread: what a run gives depends on its seed alone."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from podium_models import movielens, recipes, results, train


@dataclass(frozen=True)
class Job:
    """Runs that one process makes one after the other: a model comes after the one that it starts from."""

    names: tuple[str, ...]
    seed: int


def jobs(names: Sequence[str], seeds: Sequence[int]) -> list[Job]:
    """A job for each model and seed; one for both where a model starts from another that is trained, too.

    The last recipes come first: they take longest, and short ones fill the gaps at the end.
    """
    chains: dict[str, tuple[str, ...]] = {}
    for name in (known for known in recipes.RECIPES | recipes.VARIANTS if known in names):
        start = recipes.recipe(name).starts_from
        chains[name] = (*chains.pop(start, (start,)), name) if start in names else (name,)
    return [Job(chain, seed) for chain in reversed(chains.values()) for seed in dict.fromkeys(seeds)]


_data: tuple[recipes.Known, movielens.Split]
"""What a worker's process trains on."""
_place = 1
"""The line of the terminal that is the worker's for its progress bar."""


def _prepare(source: Path, places: Any, lock: Any) -> None:
    global _data, _place
    torch.set_num_threads(1)
    tqdm.set_lock(lock)
    with places.get_lock():
        places.value += 1
        _place = places.value
    data = movielens.load(source)
    _data = movielens.features(data), movielens.split(data)


def _work(job: Job, runs: Path) -> list[results.Run]:
    known, split = _data
    done = []
    for name in job.names:
        recipe = recipes.recipe(name)
        torch.manual_seed(job.seed)
        model = recipe.build(known)
        if recipe.starts_from is not None:
            model.start_from(results.load(runs, recipe.starts_from, job.seed, known))
        start = time.process_time()
        result = train.fit(model, split, job.seed, recipe.settings, name, _place)
        done.append(results.save(runs, name, job.seed, model, result, time.process_time() - start))
    return done


def work(todo: Sequence[Job], source: Path, runs: Path, workers: int, say: Callable[[str], None]) -> list[results.Run]:
    """Trains on the data at `source`, saves every run under `runs`, and tells of each when it is done.

    The first that fails ends the others that have not begun.
    """
    movielens.load(source)  # what is wrong with the data is said once, before any process starts
    context = multiprocessing.get_context("spawn")
    lock = context.RLock()
    tqdm.set_lock(lock)
    workers = min(workers, len(todo))
    pool = ProcessPoolExecutor(workers, context, _prepare, (source, context.Value("i", 0), lock))
    done: list[results.Run] = []
    try:
        with tqdm(total=sum(len(job.names) for job in todo), desc="runs", unit="run", disable=None, leave=False) as bar:
            for future in as_completed([pool.submit(_work, job, runs) for job in todo]):
                for run in future.result():
                    done.append(run)
                    measured = " ".join(f"{metric} {value:.4f}" for metric, value in run["test"].items())
                    with tqdm.external_write_mode():
                        say(f"{run['model']} seed {run['seed']} {measured}")
                    bar.update()
    finally:
        pool.shutdown(cancel_futures=True)
    return results.in_order(done)
