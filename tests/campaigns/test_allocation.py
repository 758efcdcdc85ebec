"""Who gets which action: every limit kept, the optimum for few customers, a proven small gap for many."""

from itertools import product

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_campaigns.campaign.allocation import Allocation, allocate, solve_by_prices, solve_exactly
from churn_campaigns.campaign.problem import AllocationProblem

NONE = -numpy.inf
CENTS = st.integers(0, 400).map(lambda cents: cents / 100)


@st.composite
def instances(
    draw: st.DrawFn, customers: int, actions: int
) -> tuple[numpy.ndarray, numpy.ndarray, float, numpy.ndarray]:
    rows = draw(st.integers(1, customers))
    columns = draw(st.integers(1, actions))
    gains = st.one_of(st.integers(-3, 8).map(float), st.floats(-2, 9), st.just(NONE))
    net = numpy.array(draw(st.lists(gains, min_size=rows * columns, max_size=rows * columns))).reshape(rows, columns)
    cost = numpy.array(draw(st.lists(CENTS, min_size=columns, max_size=columns)))
    budget = draw(st.one_of(CENTS.map(lambda amount: 3 * amount), st.just(numpy.inf)))
    capacity = draw(st.lists(st.integers(-1, 3), min_size=columns, max_size=columns))
    return net, cost, budget, numpy.array(capacity)


def best_by_enumeration(net: numpy.ndarray, cost: numpy.ndarray, budget: float, capacity: numpy.ndarray) -> float:
    best = 0.0
    for choice in product(range(-1, len(cost)), repeat=len(net)):
        taken = [(customer, action) for customer, action in enumerate(choice) if action >= 0]
        counts = numpy.bincount([action for _, action in taken], minlength=len(cost))
        within = counts @ cost <= budget * (1 + 1e-9) and (counts[capacity >= 0] <= capacity[capacity >= 0]).all()
        if within:
            best = max(best, sum(net[pair] for pair in taken))
    return best


def assert_allowed(
    choice: numpy.ndarray, net: numpy.ndarray, cost: numpy.ndarray, budget: float, capacity: numpy.ndarray
) -> None:
    counts = numpy.bincount(choice + 1, minlength=len(cost) + 1)[1:]
    assert counts @ cost <= budget * (1 + 1e-9)
    assert (counts[capacity >= 0] <= capacity[capacity >= 0]).all()
    customers = numpy.flatnonzero(choice >= 0)
    assert (net[customers, choice[customers]] > 0).all()


@given(instances(5, 3))
@settings(max_examples=150, deadline=None)
def test_few_customers_get_what_enumeration_finds_best(
    instance: tuple[numpy.ndarray, numpy.ndarray, float, numpy.ndarray],
) -> None:
    net, cost, budget, capacity = instance
    found = allocate(net, cost, budget, capacity)
    assert_allowed(found.choice, net, cost, budget, capacity)
    optimum = best_by_enumeration(net, cost, budget, capacity)
    assert found.value == pytest.approx(optimum, rel=1e-9, abs=1e-12)
    assert found.bound == pytest.approx(optimum, rel=1e-8, abs=1e-12)
    customers = numpy.flatnonzero(found.choice >= 0)
    assert found.value == pytest.approx(net[customers, found.choice[customers]].sum())
    assert found.cost == pytest.approx(cost[found.choice[customers]].sum())


@given(instances(40, 4))
@settings(max_examples=80, deadline=None)
def test_the_way_of_large_problems_keeps_its_own_promises(
    instance: tuple[numpy.ndarray, numpy.ndarray, float, numpy.ndarray],
) -> None:
    net, cost, budget, capacity = instance
    problem = AllocationProblem.of(net, cost, budget, capacity)
    if not len(problem.limits):
        return
    choice, bound = solve_by_prices(problem)
    assert_allowed(choice, net, cost, budget, capacity)
    optimum, proven = solve_exactly(problem)
    value, best = problem.gains(choice).sum(), problem.gains(optimum).sum()
    assert value <= best * (1 + 1e-9) + 1e-12
    assert best <= proven * (1 + 1e-9) + 1e-12
    assert proven <= bound * (1 + 1e-9) + 1e-12


def many(customers: int, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    generator = numpy.random.default_rng(seed)
    cost = numpy.array([60.0, 20.0, 12.0, 5.0, 0.5])
    effect = numpy.array([0.2, 0.12, 0.08, 0.04, 0.01])
    at_stake = generator.beta(1, 3, customers) * generator.lognormal(6.4, 0.5, customers)
    net = at_stake[:, None] * effect * generator.uniform(0.5, 1.5, (customers, 5)) - cost
    net[generator.random(net.shape) < 0.2] = NONE
    return net, cost


@pytest.mark.parametrize(
    ("budget", "capacity"),
    [(40_000.0, [-1, 600, 400, -1, -1]), (10_000.0, [-1] * 5), (numpy.inf, [100, 0, 700, -1, 2_000])],
)
def test_many_customers_within_a_thousandth_of_the_optimum(budget: float, capacity: list[int]) -> None:
    net, cost = many(20_000, seed=3)
    found = allocate(net, cost, budget, numpy.array(capacity))
    assert_allowed(found.choice, net, cost, budget, numpy.array(capacity))
    assert 0 <= found.gap <= 1e-3
    assert found.value == pytest.approx(found.bound * (1 - found.gap))


def test_many_equal_customers_are_shared_out_between_actions() -> None:
    # Ties everywhere: at the best prices everybody is indifferent, so prices alone say nothing.
    net, cost = numpy.tile([10.0, 20.0], (3_000, 1)), numpy.array([1.0, 6.0])
    found = allocate(net, cost, 8_000.0, numpy.array([-1, 900]))
    assert numpy.bincount(found.choice + 1).tolist() == [0, 2_100, 900]
    assert found.gap <= 1e-6


def test_a_budget_of_nothing_leaves_what_is_free() -> None:
    net = numpy.array([[5.0, 1.0], [5.0, -1.0]])
    found = allocate(net, numpy.array([2.0, 0.0]), 0.0)
    assert found.choice.tolist() == [1, -1]
    assert (found.value, found.cost, found.bound, found.gap) == (1.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("net", "capacity"),
    [([[NONE, NONE]], None), ([[-1.0, 0.0]], None), ([[4.0, 4.0]], [0, 0]), (numpy.empty((0, 2)), None)],
    ids=["nobody eligible", "nothing pays", "no capacity", "nobody"],
)
def test_nobody_gets_anything(net: list[list[float]], capacity: list[int] | None) -> None:
    found = allocate(numpy.array(net), numpy.ones(2), 10.0, None if capacity is None else numpy.array(capacity))
    assert (found.choice == -1).all()
    assert found[1:] == (0.0, 0.0, 0.0, 0.0)


def test_without_limits_everybody_gets_the_best() -> None:
    net, cost = many(5_000, seed=4)
    found = allocate(net, cost, numpy.inf)
    best = numpy.maximum(net.max(axis=1), 0.0)
    assert found.value == found.bound == pytest.approx(best.sum())
    assert found.gap == 0.0


@pytest.mark.parametrize("customers", [60, 5_000])
def test_the_same_input_has_the_same_answer(customers: int) -> None:
    net, cost = many(customers, seed=5)
    net = numpy.round(net)
    first, second = (allocate(net, cost, 2.0 * customers, numpy.array([5, -1, 9, -1, -1])) for _ in range(2))
    assert (first.choice == second.choice).all()
    assert first[1:] == second[1:]


def test_three_times_a_tenth_fits_into_three_tenths() -> None:
    assert allocate(numpy.ones((3, 1)), numpy.array([0.1]), 0.3).value == 3.0


def test_solving_leaves_the_standard_output_alone(capfd: pytest.CaptureFixture[str]) -> None:
    generator = numpy.random.default_rng(1)
    cost = generator.uniform(1, 50, 5)
    net = cost + generator.integers(0, 3, (100, 5))
    assert isinstance(allocate(net, cost, 700.0, numpy.array([12, -1, 12, -1, -1])), Allocation)
    print("still there")  # noqa: T201 - the stream must work afterwards
    assert capfd.readouterr().out == "still there\n"


@pytest.mark.parametrize(
    ("net", "cost", "budget", "capacity", "message"),
    [
        ([[1.0]], [1.0, 2.0], 1.0, None, "customers, actions"),
        ([[1.0]], [1.0], 1.0, [1, 2], "customers, actions"),
        ([[1.0]], [1.0], -1.0, None, "at least 0"),
        ([[1.0]], [1.0], numpy.nan, None, "at least 0"),
        ([[1.0]], [-1.0], 1.0, None, "at least 0"),
        ([[numpy.nan]], [1.0], 1.0, None, "net"),
        ([[numpy.inf]], [1.0], 1.0, None, "net"),
    ],
)
def test_what_is_no_problem_is_refused(
    net: list[list[float]], cost: list[float], budget: float, capacity: list[int] | None, message: str
) -> None:
    room = None if capacity is None else numpy.array(capacity)
    with pytest.raises(ValueError, match=message):
        allocate(numpy.array(net), numpy.array(cost), budget, room)
