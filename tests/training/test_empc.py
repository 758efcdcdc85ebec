"""The expected maximum profit against slow integration, and in cases that can be worked out by hand."""

import dataclasses
from itertools import pairwise

import msgspec
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.integrate import quad
from scipy.special import beta as beta_function

from churn_model.profit import empc, empc_worths, profit_curve
from churn_model.usecase import ProfitRule

RULE = ProfitRule()
SETS = 1000
SCORES = (0.0, 0.1, 0.3, 0.5, 0.5000001, 0.9)


def points(churned: numpy.ndarray, scores: numpy.ndarray) -> list[tuple[float, float]]:
    """Share of all customers who leave, and who stay, at or above every threshold; nobody to begin with."""
    size = len(scores)
    flagged = [scores >= threshold for threshold in sorted(set(scores.tolist()), reverse=True)]
    found = [(float(churned[mask].sum()) / size, float((1 - churned[mask]).sum()) / size) for mask in flagged]
    return [(0.0, 0.0), *found]


def lines(churned: numpy.ndarray, scores: numpy.ndarray, rule: ProfitRule) -> numpy.ndarray:
    """Profit of every threshold as a line over the acceptance probability: [thresholds + 1][slope, start]."""
    value, offer, contact = rule.customer_value, rule.offer_cost, rule.contact_cost
    return numpy.array(
        [
            ((value - offer) * left, -contact * left - (offer + contact) * stayed)
            for left, stayed in points(churned, scores)
        ]
    )


def slow_empc(churned: numpy.ndarray, scores: numpy.ndarray, rule: ProfitRule) -> float:
    """For each acceptance probability the best of all thresholds, integrated numerically; no hull.

    Quadrature is accurate on smooth pieces only, so it is split wherever the best threshold changes: between neighbours
    of all points at which any two lines cross, the maximum is one line.
    """
    slopes, starts = lines(churned, scores, rule).T
    with numpy.errstate(divide="ignore", invalid="ignore"):
        crossings = (starts[None, :] - starts[:, None]) / (slopes[:, None] - slopes[None, :])
    inside = crossings[(crossings > 0) & (crossings < 1)]
    candidates = numpy.unique(numpy.concatenate(([0.0], inside, [1.0])))
    middles = (candidates[1:] + candidates[:-1]) / 2.0
    best = numpy.argmax(slopes[:, None] * middles + starts[:, None], axis=0)
    changes = candidates[1:-1][best[1:] != best[:-1]]
    # Equal lines take turns by rounding; pieces of no width cannot be integrated and hold nothing.
    edges = [0.0, *changes[numpy.diff(changes, prepend=0.0) > 1e-12].tolist(), 1.0]
    alpha, beta = rule.acceptance_alpha, rule.acceptance_beta

    def integrand(gamma: float) -> float:
        density = gamma ** (alpha - 1) * (1 - gamma) ** (beta - 1) / beta_function(alpha, beta)
        return float(numpy.max(slopes * gamma + starts) * density)

    return float(
        sum(quad(integrand, low, high, epsabs=1e-12, epsrel=1e-11, limit=200)[0] for low, high in pairwise(edges))
    )


def random_case(generator: numpy.random.Generator) -> tuple[numpy.ndarray, numpy.ndarray, ProfitRule]:
    """1 to 60 customers; many ties in half of the cases, one class alone in a tenth, at times costs of nothing."""
    size = int(generator.integers(1, 61))
    scores = generator.random(size)
    if generator.random() < 0.5:
        scores = numpy.round(scores * generator.integers(1, 8)) / 8
    churned = (generator.random(size) < 0.2 + 0.6 * scores).astype(int)
    if generator.random() < 0.1:
        churned[:] = generator.integers(2)
    rule = ProfitRule(
        customer_value=float(generator.uniform(1, 400)),
        offer_cost=float(generator.choice([0.0, generator.uniform(0, 60)], p=[0.1, 0.9])),
        contact_cost=float(generator.choice([0.0, generator.uniform(0, 5)], p=[0.2, 0.8])),
        acceptance_alpha=float(generator.uniform(1, 12)),
        acceptance_beta=float(generator.uniform(1, 20)),
    )
    return churned, scores, rule


def test_it_is_what_slow_integration_without_a_hull_gives() -> None:
    """To a billionth of the value of a customer, the unit that profit is counted in."""
    generator = numpy.random.default_rng(20130501)
    differences = []
    for _ in range(SETS):
        churned, scores, rule = random_case(generator)
        error = empc(churned, scores, rule).profit - slow_empc(churned, scores, rule)
        differences.append(abs(error) / rule.customer_value)
    assert max(differences) < 1e-9


def test_the_share_contacted_is_that_of_the_best_thresholds() -> None:
    """By the midpoint rule over a fine grid of acceptance probabilities; it jumps, so it is only that accurate."""
    generator = numpy.random.default_rng(7)
    grid = (numpy.arange(200_000) + 0.5) / 200_000
    for _ in range(20):
        churned, scores, rule = random_case(generator)
        alpha, beta = rule.acceptance_alpha, rule.acceptance_beta
        slopes, starts = lines(churned, scores, rule).T
        best = numpy.argmax(numpy.multiply.outer(grid, slopes) + starts, axis=1)
        share = numpy.array([left + stayed for left, stayed in points(churned, scores)])[best]
        density = grid ** (alpha - 1) * (1 - grid) ** (beta - 1) / beta_function(alpha, beta)
        assert empc(churned, scores, rule).contacted == pytest.approx(float(numpy.mean(share * density)), abs=1e-4)


def test_what_each_customer_adds_comes_to_the_whole() -> None:
    """Its mean is the expected maximum profit, whatever the economics; customers who look alike add alike."""
    generator = numpy.random.default_rng(11)
    for _ in range(SETS // 5):
        churned, scores, rule = random_case(generator)
        worths = empc_worths(churned, scores, rule)
        assert float(worths.mean()) == pytest.approx(empc(churned, scores, rule).profit, abs=1e-9 * rule.customer_value)
        alike = {*zip(churned.tolist(), scores.tolist(), strict=True)}
        assert len({*zip(churned.tolist(), scores.tolist(), worths.tolist(), strict=True)}) == len(alike)
        assert (worths[churned == 0] <= 0).all(), "who stays anyway only costs"


def test_what_a_leaver_and_a_stayer_add_by_hand() -> None:
    """Not to be told apart; it pays from an acceptance of 1/2 on, which half of all have, 3/4 in the mean."""
    rule = ProfitRule(customer_value=3.0, offer_cost=1.0, contact_cost=0.0, acceptance_alpha=1.0, acceptance_beta=1.0)
    worths = empc_worths(numpy.array([1, 0]), numpy.array([0.4, 0.4]), rule)
    assert worths.tolist() == pytest.approx([2 * 0.75 / 2, -1 / 2])


def test_one_leaver_by_hand() -> None:
    """Acceptance uniform, value 3, offer 1, no contact cost: half the gain of 2, and everybody is worth contacting."""
    rule = ProfitRule(customer_value=3.0, offer_cost=1.0, contact_cost=0.0, acceptance_alpha=1.0, acceptance_beta=1.0)
    found = empc(numpy.array([1]), numpy.array([0.4]), rule)
    assert (found.profit, found.contacted) == pytest.approx((1.0, 1.0))


def test_equal_scores_by_hand() -> None:
    """One leaver, one stayer, not to be told apart: 2 gamma / 2 - 1 / 2 per customer pays from gamma = 1/2 on."""
    rule = ProfitRule(customer_value=3.0, offer_cost=1.0, contact_cost=0.0, acceptance_alpha=1.0, acceptance_beta=1.0)
    found = empc(numpy.array([1, 0]), numpy.array([0.4, 0.4]), rule)
    assert (found.profit, found.contacted) == pytest.approx((0.125, 0.5))


@pytest.mark.parametrize("offer", [200.0, 250.0])
def test_an_offer_as_dear_as_the_customer_never_pays(offer: float) -> None:
    rule = msgspec.structs.replace(RULE, offer_cost=offer, contact_cost=0.0)
    assert dataclasses.astuple(empc(numpy.array([1, 0, 1]), numpy.array([0.9, 0.1, 0.5]), rule)) == (0.0, 0.0)


def test_with_stayers_alone_nobody_is_contacted() -> None:
    assert dataclasses.astuple(empc(numpy.zeros(3), numpy.array([0.9, 0.1, 0.5]), RULE)) == (0.0, 0.0)


def test_where_nothing_costs_anything_all_leavers_are_contacted_and_no_more() -> None:
    rule = msgspec.structs.replace(RULE, offer_cost=0.0, contact_cost=0.0)
    found = empc(numpy.array([1, 0, 1, 0]), numpy.array([0.9, 0.8, 0.5, 0.1]), rule)
    assert (found.profit, found.contacted) == pytest.approx((0.3 * 200 * 0.5, 0.75))


@given(some.lists(some.tuples(some.integers(0, 1), some.sampled_from(SCORES)), min_size=1, max_size=30))
def test_choosing_for_each_acceptance_is_worth_at_least_one_choice_for_all(customers: list[tuple[int, float]]) -> None:
    churned, scores = (numpy.array(column) for column in zip(*customers, strict=True))
    found = empc(churned, scores, RULE)
    assert found.profit >= profit_curve(churned, scores, RULE).best.profit - 1e-9
    assert 0.0 <= found.contacted <= 1.0 + 1e-12


@given(some.permutations(range(12)))
def test_the_order_of_customers_does_not_matter(order: list[int]) -> None:
    churned = numpy.array([1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0])
    scores = numpy.array([0.5] * 6 + [0.9] * 3 + [0.1] * 3)
    assert empc(churned[order], scores[order], RULE) == empc(churned, scores, RULE)


def test_a_campaign_of_fixed_size_contacts_the_highest_scores_and_ties_in_proportion() -> None:
    churned, scores = numpy.array([1, 1, 0, 0]), numpy.array([0.9, 0.5, 0.5, 0.1])
    gain, loss = 0.3 * 190 - 1, -11.0
    shares = {0.25: gain / 4, 0.5: (gain + (gain + loss) / 2) / 4, 1.0: (2 * gain + 2 * loss) / 4, 0.125: gain / 8}
    for share, profit in shares.items():
        assert profit_curve(churned, scores, RULE).at(share) == pytest.approx(profit)


def test_a_fixed_budget_is_spent_even_where_it_does_not_pay() -> None:
    assert profit_curve(numpy.zeros(10), numpy.linspace(0, 1, 10), RULE).at(0.2) == pytest.approx(-11 * 0.2)


def test_labels_without_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="2 labels and 1 scores"):
        empc(numpy.array([0, 1]), numpy.array([0.5]), RULE)
    with pytest.raises(ValueError, match="at least one"):
        empc(numpy.array([]), numpy.array([]), RULE)
