from podium_models.jobs import Job, jobs


def test_a_model_comes_after_the_one_that_it_starts_from_whatever_the_order_of_names():
    assert jobs(["fnn", "lr", "fm"], [2]) == [Job(("fm", "fnn"), 2), Job(("lr",), 2)]


def test_a_model_alone_takes_what_was_trained_before():
    assert jobs(["fnn"], [1]) == [Job(("fnn",), 1)]


def test_the_longest_come_first_and_nothing_twice():
    assert jobs(["lr", "din", "lr"], [1, 2, 1]) == [Job(("din",), 1), Job(("din",), 2), Job(("lr",), 1), Job(("lr",), 2)]
