"""Processes are loaded with the collector switched off, and have it again when they serve."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from churn_model.loading import keep_what_is_loaded, without_collecting


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def test_nothing_is_collected_while_libraries_are_loaded_and_then_as_before() -> None:
    with without_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ImportError), without_collecting():
        raise ImportError
    assert gc.isenabled()


def test_a_collector_that_was_switched_off_stays_so() -> None:
    gc.disable()
    with without_collecting():
        pass
    assert not gc.isenabled()


def test_what_serves_has_a_collector_that_leaves_alone_what_was_loaded() -> None:
    gc.disable()
    before = gc.get_freeze_count()
    loaded = [[each] for each in range(1000)]
    keep_what_is_loaded()
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(loaded)


@pytest.mark.parametrize("freeing", [False, True])
def test_what_only_circles_hold_is_kept_for_ever_unless_it_is_freed_first(freeing: bool) -> None:
    class Circle:
        def __init__(self) -> None:
            self.itself = self

    gc.disable()
    circle = weakref.ref(Circle())
    keep_what_is_loaded(freeing=freeing)
    gc.collect()
    assert (circle() is None) == freeing
