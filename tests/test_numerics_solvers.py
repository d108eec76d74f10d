"""Newton's method, linear solves and the time stepper, on problems with known answers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from cellfem.errors import ConvergenceError
from cellfem.numerics.amg import Hierarchy
from cellfem.numerics.krylov import fgmres
from cellfem.numerics.linear import DIRECT_LIMIT, LinearSolver
from cellfem.numerics.newton import newton
from cellfem.numerics.timestepping import GAMMA, Step, W, next_step, tr_bdf2


def solve_plain(y, residual, jacobian, **given):
    return newton(y, evaluate=lambda y: (residual(y), jacobian(y)),
                  solve=lambda J, R, y, tolerance: -np.linalg.solve(J, R), residual=residual,
                  advance=lambda y, update, length: y + length * update,
                  size=lambda y, update: np.max(np.abs(update)), **given)


def test_newton_converges_with_the_second_power():
    result = solve_plain(np.array([1.0, 1.0]), lambda y: np.array([y[0] ** 2 + y[1] - 3, y[0] - y[1] ** 3]),
                         lambda y: np.array([[2 * y[0], 1.0], [1.0, -3 * y[1] ** 2]]), tolerance=1e-8)
    updates = [update for _, update in result.history]
    assert np.allclose(result.y[0] ** 2 + result.y[1], 3, atol=1e-14) and np.isclose(result.y[0], result.y[1] ** 3)
    assert result.steps == result.assemblies == len(updates) <= 6
    assert all(b <= 2 * a**2 for a, b in pairwise(updates[1:]) if a < 0.1)


def test_newton_halves_steps_that_lead_away():
    """arctan: the full step diverges from |y| > 1.39."""
    result = solve_plain(np.array([10.0]), np.arctan, lambda y: np.diag(1 / (1 + y**2)))
    assert abs(result.y[0]) < 1e-10


@pytest.mark.parametrize("residual, found", [(lambda y: y**2 + 1, "no step|no convergence"),
                                             (lambda y: y * np.nan, "not finite"),
                                             (lambda y: np.exp(-y), "no convergence")])
def test_newton_never_returns_what_has_not_converged(residual, found):
    with pytest.raises(ConvergenceError, match=found) as error, np.errstate(all="ignore"):
        solve_plain(np.array([3.0]), residual, lambda y: np.diag(np.imag(residual(y + 1e-30j)) / 1e-30), max_steps=25)
    assert len(error.value.history) >= 0 and "Lower the current" in str(error.value)


def two_fields(n: int, coupling: float):
    """A lower triangular pair of 2-D Laplacians with a weak upper coupling."""
    line = sp.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(n, n))
    K = (sp.kron(line, sp.eye(n)) + sp.kron(sp.eye(n), line)).tocsr()
    weak = coupling * sp.eye(n * n)
    return sp.bmat([[K, weak], [0.3 * K, K]], format="csr")


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("tolerance", [1e-4, 1e-10])
def test_linear_solver_keeps_its_tolerance(direct, tolerance):
    A = two_fields(40, 1e-3)
    x = np.sin(np.arange(A.shape[0]))
    solver = LinearSolver(1600, direct=direct)
    b = A @ x
    found = solver.solve(A, b, tolerance)
    assert np.linalg.norm(A @ found - b) <= 2 * tolerance * np.linalg.norm(b)
    assert solver.solves == solver.setups == 1 and 1 <= solver.iterations <= (2 if direct else 40)


def test_direct_and_multigrid_agree():
    A = two_fields(50, 1e-2)
    b = np.cos(np.arange(A.shape[0]))
    one, other = (LinearSolver(2500, direct=direct).solve(A, b, 1e-12) for direct in (True, False))
    assert np.max(np.abs(one - other)) <= 1e-8 * np.max(np.abs(one))


def test_a_preconditioner_serves_while_the_matrix_stays_near():
    A = two_fields(60, 1e-2)
    b = np.ones(A.shape[0])
    solver = LinearSolver(3600, direct=False)
    for factor in (1.0, 1.01, 1.02):
        solver.solve(factor * A, b)
    assert (solver.solves, solver.setups) == (3, 1)
    far = A + sp.diags(np.where(np.arange(A.shape[0]) % 3, 1e4, 0.0))
    x = solver.solve(far.tocsr(), b)
    assert np.linalg.norm(far @ x - b) <= 2e-8 * np.linalg.norm(b)
    assert solver.setups == 2, "a far matrix gets its own"


def test_zero_right_side_and_size_rules():
    solver = LinearSolver(0)
    assert np.array_equal(solver.solve(sp.eye(5, format="csr"), np.zeros(5)), np.zeros(5))
    assert solver.kind(DIRECT_LIMIT) == "direct" and solver.kind(DIRECT_LIMIT + 1) == "block AMG"


def test_singular_matrices_are_errors():
    A = sp.csr_matrix(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    with pytest.raises(ConvergenceError, match="linear solve"):
        LinearSolver(0).solve(A, np.array([1.0, 1.0]))


def test_round_off_is_no_failure():
    """Entries over 16 decades: the residual cannot fall below |A| |x| eps, and need not."""
    scale = np.logspace(0, 12, 30)
    line = sp.diags([-scale[1:], scale + np.roll(scale, -1), -scale[1:]], [-1, 0, 1]).tocsr()
    b = np.zeros(30)
    b[0] = 1.0
    x = LinearSolver(0).solve(line, b, 1e-14)
    left = np.linalg.norm(line @ x - b)
    assert 2e-14 < left <= 1e-14 * np.linalg.norm(abs(line) @ abs(x))


def integrate(rate, x, s_end, count):
    """`count` equal steps of dx/dt = rate t-independent, linear: x' = rate x + forcing(t) by (lambda, forcing)."""
    lam, forcing = rate
    h, k, last = s_end / count, np.zeros_like(x), None
    for step in range(count):
        last = tr_bdf2(step * h, h, x, k, lambda stage, base, tau, s: (base + tau * forcing(s * s)) / (1 - tau * lam))
        x, k = last.x1, last.k1
    return x, last


def test_order_two_in_the_square_root_of_time():
    """dx/dt = -x + t, x(0) = 1."""
    exact = 2 * math.exp(-4.0) + 4.0 - 1
    errors = [abs(integrate((-1.0, lambda t: t), np.array([1.0]), 2.0, n)[0][0] - exact) for n in (10, 20, 40, 80)]
    assert np.polyfit(np.log([10, 20, 40, 80]), np.log(errors), 1)[0] == pytest.approx(-2, abs=0.05)


def test_a_start_like_the_square_root_of_time_is_exact():
    """x = sqrt(t) has dx/ds = 1: the scheme in s knows no error once its slope is right."""
    x, k, h = np.array([0.0]), np.array([1.0]), 0.1
    for step in range(10):
        done = tr_bdf2(step * h, h, x, k, lambda stage, base, tau, s: base + tau / (2 * s))
        x, k = done.x1, done.k1
    assert x[0] == pytest.approx(1.0, abs=1e-14) and abs(done.error[0]) < 1e-14


def test_l_stability():
    """Stiff parts die within a step, without ringing."""
    for lam in (-1e4, -1e8, -1e12):
        done = tr_bdf2(1.0, 0.5, np.array([1.0]), np.array([0.0]),
                       lambda stage, base, tau, s, lam=lam: base / (1 - tau * lam))
        assert abs(done.x1[0]) < 20 / abs(lam)


def test_error_estimate_and_dense_output():
    """The estimate has the local error's order 3 and size, the dense output order 3 between the ends."""
    def rate(s):
        return np.cos(s)

    estimates, locals_, dense = [], [], []
    steps = (0.2, 0.1, 0.05, 0.025)
    for h in steps:
        done = tr_bdf2(1.0, h, np.array([math.sin(1.0)]), np.array([rate(1.0)]),
                       lambda stage, base, tau, s: base + tau / (2 * s) * rate(s))
        estimates.append(abs(done.error[0]))
        locals_.append(abs(done.x1[0] - math.sin(1 + h)))
        dense.append(abs(done.at(1 + 0.4 * h)[0] - math.sin(1 + 0.4 * h)))
    for found in (estimates, locals_, dense):
        assert np.polyfit(np.log(steps), np.log(found), 1)[0] > 2.9
    assert all(0.3 < a / b < 3 for a, b in zip(estimates, locals_, strict=True))
    assert done.at(1.0)[0] == done.x0[0] and done.at(1.0 + done.h)[0] == pytest.approx(done.x1[0], abs=1e-15)


@pytest.mark.parametrize("x, rate, end, zero", [
    (lambda t: math.exp(-t / 3) - 0.1, lambda t: -math.exp(-t / 3) / 3, -0.1, 3 * math.log(10)),
    (lambda t: 7 - t, lambda t: -1.0, -math.inf, 7.0),
    (lambda t: t - 7, lambda t: 1.0, -math.inf, 7.0),
    (lambda t: 0.1 + math.exp(-t / 3), lambda t: -math.exp(-t / 3) / 3, 0.1, None),  # never: the straight line
    (lambda t: 7 + t, lambda t: 1.0, -1.0, 6.25),  # not ahead: the end of the step
])
def test_the_zero_ahead_of_exponentials_and_straight_lines(x, rate, end, zero):
    s, h = 2.4, 0.1
    at = [np.array([f((s + add) ** 2) * (2 * (s + add) if f is rate else 1)]) for f in (x, rate) for add in (0.0, h)]
    found = Step(s, h, at[0], at[2], at[1], at[3], at[0]).zero(0, end)
    assert found == pytest.approx(6.25 - x(6.25) / rate(6.25) if zero is None else zero, rel=1e-12)


def test_both_stages_share_their_weights():
    """tau is the same share of the step in both stages, so that one factorisation serves."""
    taus = []
    tr_bdf2(0.0, 1.0, np.zeros(1), np.zeros(1), lambda stage, base, tau, s: taus.append(tau / (2 * s)) or base)
    assert taus[0] == pytest.approx(taus[1]) == pytest.approx(GAMMA / 2)
    assert 2 * W + GAMMA / 2 == pytest.approx(1)


def test_step_lengths():
    assert next_step(1.0, 0.0) == 2.5 and next_step(1.0, 1e9) == 0.2
    assert next_step(1.0, 1.0) == pytest.approx(0.9)
    assert next_step(1.0, 8.0) == pytest.approx(0.45)
    several = np.array([1e-3, 0.5, 0.2])
    assert next_step(1.0, several) == next_step(1.0, 0.5), "the largest error decides"
    rising = next_step(1.0, several, (1.0, np.array([1e-3, 0.5, 0.02])))
    assert rising == pytest.approx(0.9 * (0.02 / 0.2**2) ** (1 / 3)), "or one that rises faster"


@pytest.mark.parametrize("scale", [1.0, 1e-12])
@pytest.mark.parametrize("squeeze", [1.0, 0.1])
def test_a_cycle_of_the_hierarchy_reduces_the_error_at_every_size(scale, squeeze):
    """Laplacians, also of cells ten times as long as high: the V-cycle as a stationary iteration."""
    factors = []
    for n in (20, 40, 80):
        line = sp.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(n, n))
        A = scale * (sp.kron(line, sp.eye(n)) + squeeze**2 * sp.kron(sp.eye(n), line)).tocsr()
        cycle, x = Hierarchy.of(A), np.random.default_rng(1).standard_normal(n * n)
        for _ in range(6):
            before = x @ (A @ x)
            x = x - cycle(A @ x)
        factors.append(math.sqrt(x @ (A @ x) / before))
    assert max(factors) < 0.5


def test_a_v_cycle_is_a_forward_sweep_the_coarse_levels_and_a_backward_sweep():
    """Written out in dense matrices, from the halves of a matrix that is neither symmetric nor sorted by columns."""
    n = 17
    line = sp.diags([-1.2, 2.3, -1.0], [-1, 0, 1], shape=(n, n))
    A = (sp.kron(line, sp.eye(n)) + sp.kron(sp.eye(n), line)).tocsr()[:, ::-1].tocsr()[:, ::-1].tocsr()
    cycle, b = Hierarchy.of(A), np.random.default_rng(3).standard_normal(n * n)
    (level, *_), scale = cycle.levels, cycle.scale
    L, U = np.tril(A.toarray()), np.triu(A.toarray(), 1)
    for half, own in ((level.lower, L), (level.upper, U)):
        assert np.allclose(half.toarray() * scale, own, rtol=1e-6)
    P = level.P.toarray().astype(float)
    x = np.linalg.solve(L, b)
    x = x + P @ np.linalg.solve(P.T @ A @ P, P.T @ (b - A @ x))
    x = x + np.linalg.solve(np.triu(A.toarray()), b - A @ x)
    assert len(cycle.levels) == 1 and np.allclose(cycle(b), x, rtol=2e-5, atol=2e-5 * np.abs(x).max())


def test_coarse_matrices_stay_sparse():
    """A stencil of 15 points, as on a box cut into tetrahedra, of which 8 are weak."""
    n = 24
    one, up = sp.eye(n), sp.eye(n, k=1)
    line = 2 * one - up - up.T
    weak = sum(sp.kron(sp.kron(a, b), c) for a, b, c in ((up, up, one), (one, up, up), (up, one, up), (up, up, up)))
    A = sum(sp.kron(sp.kron(a, b), c) for a, b, c in ((line, one, one), (one, line, one), (one, one, line)))
    A = (A - 0.02 * (weak + weak.T)).tocsr()
    levels = Hierarchy.of(A).levels
    assert sum(level.A.nnz for level in levels) < 1.5 * A.nnz
    assert all(level.A.data.dtype == np.float32 for level in levels)


def test_gmres_is_exact_after_as_many_directions_as_unknowns_and_its_residual_never_grows():
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((25, 25)), rng.standard_normal(25)
    left = []
    for limit in range(1, 26):
        x, iterations = fgmres(A, b, lambda r: r, 1e-12, limit)
        assert iterations == limit
        left.append(np.linalg.norm(A @ x - b))
    assert all(b <= a * (1 + 1e-12) for a, b in pairwise(left)) and left[-1] < 1e-10


def test_gmres_stops_where_no_new_direction_comes():
    x, iterations = fgmres(np.diag([1.0, 2.0, 3.0]), np.array([0.0, 4.0, 0.0]), lambda r: r, 1e-14, 3)
    assert iterations == 1 and np.allclose(x, [0, 2, 0])


def test_a_worn_preconditioner_is_renewed_for_the_next_solve():
    n = 40
    line = sp.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(n, n))
    K = (sp.kron(line, sp.eye(n)) + sp.kron(sp.eye(n), line)).tocsr()
    K = sp.kron(sp.eye(4), K).tocsr()
    solver, b = LinearSolver(0, direct=False), np.random.default_rng(0).standard_normal(K.shape[0])
    counts = []
    for weight in (1.0, 0.2, 0.2, 0.2):
        before = solver.iterations
        solver.solve((K + weight * sp.eye(K.shape[0])).tocsr(), b, 1e-6)
        counts.append((solver.setups, solver.iterations - before))
    assert [setups for setups, _ in counts] == [1, 1, 2, 2] and counts[2][1] < counts[1][1]


def test_a_preconditioner_does_not_wear_on_its_own_matrix():
    """The first side asks only for what is solved in one iteration, the next for all: no reason for another set-up."""
    n = 60
    line = sp.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(n, n))
    A = sp.block_diag([sp.kron(line, sp.eye(n)) + sp.kron(sp.eye(n), line), sp.eye(n * n)]).tocsr()
    solver, taken = LinearSolver(0, direct=False), []
    easy = np.repeat([0.0, 1.0], n * n)
    for b in (easy, *np.random.default_rng(0).standard_normal((3, len(easy)))):
        before = solver.iterations
        solver.solve(A, b, 1e-3)
        taken.append(solver.iterations - before)
    assert solver.setups == 1 and taken[0] < 0.6 * taken[1]
