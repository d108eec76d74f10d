"""Compiled forms equal what scikit-fem assembles from them, on cells and on facets, inner ones included."""

from __future__ import annotations

import numpy as np
import pytest
from skfem import BilinearForm, FacetBasis, MeshLine1, MeshTet1, MeshTri1
from skfem.helpers import dot, grad

from cellfem.numerics.assembly import Scatter, pin
from cellfem.numerics.operators import (
    ELEMENTS,
    CellOperators,
    Pattern,
    cell_basis,
    compile_bilinear,
    diffusion,
    divergence,
    drift,
    facet_basis,
    lumped_weights,
    source,
    vertex_rule,
)

DIMENSIONS = (1, 2, 3)


def mesh_of(dimension):
    """Uneven cells, shaken off their axes."""
    rng = np.random.default_rng(dimension)
    axes = [np.sort(np.concatenate([[0, 1], rng.uniform(0.05, 0.95, 3)])) for _ in range(dimension)]
    mesh = {1: MeshLine1, 2: MeshTri1, 3: MeshTet1}[dimension].init_tensor(*axes)
    inner = np.setdiff1d(np.arange(mesh.nvertices), mesh.boundary_nodes())
    p = mesh.p.copy()
    p[:, inner] += rng.uniform(-0.01, 0.01, (dimension, len(inner)))
    return type(mesh)(p, mesh.t)


def some_cells(mesh):
    """Every cell but some, so that the local numbering matters."""
    return np.flatnonzero(mesh.p[-1][mesh.t].mean(axis=0) > 0.3)


def tensors(rng, dimension, count):
    """Full, unsymmetric on purpose: the form does not ask for symmetry."""
    return rng.normal(size=(dimension, dimension, count))


def same(a, b, size=None):
    size = np.max(np.abs(b)) if size is None else size
    assert np.max(np.abs(a - b)) <= 1e-13 * size


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_compiled_cell_forms(dimension):
    mesh, rng = mesh_of(dimension), np.random.default_rng(1)
    cells = some_cells(mesh)
    B, a = tensors(rng, dimension, len(cells)), rng.normal(size=len(cells))
    vector = rng.normal(size=(dimension, len(cells)))
    ions = CellOperators.compile(mesh, cells, B)
    basis, nodes = cell_basis(mesh, cells), ions.pattern.nodes
    assert set(nodes) == set(mesh.t[:, cells].ravel()) and len(nodes) < mesh.nvertices
    point = a[:, None]
    for found, form, given in ((ions.diffusion @ a, diffusion, {"a": point, "B": B[..., None]}),
                               (ions.drift @ vector.ravel(), drift, {"a": vector[..., None]})):
        direct = form.assemble(basis, **given)[nodes][:, nodes].toarray()
        same(ions.pattern.matrix(found).toarray(), direct)
    same(ions.div @ vector.ravel(), divergence.assemble(basis, a=vector[..., None])[nodes])


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_gradients_means_and_volumes(dimension):
    """Exact for linear functions."""
    mesh, rng = mesh_of(dimension), np.random.default_rng(2)
    cells = some_cells(mesh)
    slope, level = rng.normal(size=dimension), 0.7
    ions = CellOperators.compile(mesh, cells, tensors(rng, dimension, len(cells)), with_drift=False)
    values = level + slope @ mesh.p[:, ions.pattern.nodes]
    assert ions.drift is None
    same(ions.grad(values), np.repeat(slope[:, None], len(cells), axis=1))
    centroids = mesh.p[:, mesh.t[:, cells]].mean(axis=1)
    same(ions.mean @ values, level + slope @ centroids)
    same(ions.volume, cell_basis(mesh, cells, lumped=True).dx.sum(axis=1))


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_one_point_rule_is_exact_for_constant_coefficients(dimension):
    """int B grad u . grad v of linear elements by any rule of higher order."""
    from skfem import Basis

    mesh, rng = mesh_of(dimension), np.random.default_rng(3)
    cells = some_cells(mesh)
    B = tensors(rng, dimension, len(cells))
    fine = Basis(mesh, ELEMENTS[type(mesh)](), elements=cells, intorder=4)
    pattern = Pattern.of(mesh, cells)
    compiled = compile_bilinear(diffusion, cell_basis(mesh, cells), pattern, B=B[..., None])
    direct = diffusion.assemble(fine, a=np.ones(fine.dx.shape), B=np.repeat(B[..., None], fine.dx.shape[1], axis=3))
    nodes = pattern.nodes
    same(pattern.matrix(compiled @ np.ones(len(cells))).toarray(), direct[nodes][:, nodes].toarray())


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_lumped_weights_on_cells_and_facets(dimension):
    """The vertex rule on cells, on outer and on inner facets: what scikit-fem assembles, and the exact total."""
    mesh, rng = mesh_of(dimension), np.random.default_rng(4)
    inner = np.flatnonzero(mesh.f2t[1] >= 0)
    for basis in (cell_basis(mesh, some_cells(mesh), lumped=True), facet_basis(mesh, mesh.boundary_facets()),
                  facet_basis(mesh, inner)):
        weight = rng.uniform(0.5, 2, basis.dx.shape[0])
        found = lumped_weights(basis, weight)
        same(found, source.assemble(basis, a=np.repeat(weight[:, None], basis.dx.shape[1], axis=1)))
        assert np.isclose(found.sum(), weight @ basis.dx.sum(axis=1), rtol=1e-13)
    exact = FacetBasis(mesh, ELEMENTS[type(mesh)](), facets=inner, intorder=3)  # the rule integrates P1 exactly
    direct = source.assemble(exact, a=np.ones(exact.dx.shape))
    same(lumped_weights(facet_basis(mesh, inner), np.ones(len(inner))), direct)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_vertex_rule_integrates_linear_functions(dimension):
    points, weights = vertex_rule(dimension)
    volume = {1: 1, 2: 1 / 2, 3: 1 / 6}[dimension]
    assert np.isclose(weights.sum(), volume)
    for x in points:
        assert np.isclose(x @ weights, volume / (dimension + 1))


def test_the_forms_are_what_their_docstrings_say():
    """int a B grad u . grad v and the like, written out in coordinates on a single triangle."""
    mesh = MeshTri1(np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]]), np.array([[0], [1], [2]]))
    basis, B = cell_basis(mesh, np.array([0])), np.array([[2.0, 0.5], [0.1, 1.0]])
    gradients = np.array([[-0.5, -1.0], [0.5, 0.0], [0.0, 1.0]])  # of the three hat functions; the area is 1
    K = diffusion.assemble(basis, a=np.full((1, 1), 3.0), B=B[:, :, None, None]).toarray()
    same(K, 3.0 * gradients @ B @ gradients.T)
    a = np.array([0.3, -0.7])
    same(drift.assemble(basis, a=a[:, None, None]).toarray(), np.outer(gradients @ a, np.ones(3)) / 3)
    same(divergence.assemble(basis, a=a[:, None, None]), gradients @ a)


def test_scatter_sums_and_drops():
    rows, cols = np.array([0, 0, 1, -1, 2, 2]), np.array([0, 0, 2, 1, -1, 1])
    scatter = Scatter.of(rows, cols, 3)
    found = scatter.matrix(np.array([1.0, 2.0, 3.0, 99.0, 99.0, 4.0]))
    assert found.toarray().tolist() == [[3, 0, 0], [0, 0, 3], [0, 4, 0]]
    assert all(found[k, k] is not None and k in found.indices[found.indptr[k]:found.indptr[k + 1]] for k in range(3))
    again = scatter.matrix(np.arange(6.0))
    assert again.toarray().tolist() == [[1, 0, 0], [0, 0, 2], [0, 5, 0]]


def test_pin_replaces_one_row_of_a_copy():
    A = Scatter.of(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), 2).matrix(np.array([1.0, 2.0, 3.0, 4.0]))
    assert pin(A, 1, 7.0).toarray().tolist() == [[1, 2], [0, 7]]
    assert A.toarray().tolist() == [[1, 2], [3, 4]]


def test_compile_any_form_linear_in_one_coefficient():
    """A user's form with a vector coefficient goes through the same function."""
    @BilinearForm
    def upwind(u, v, w):
        return dot(w.a, grad(u)) * v

    mesh = mesh_of(2)
    cells = np.arange(mesh.nelements)
    pattern, basis, rng = Pattern.of(mesh, cells), cell_basis(mesh, cells), np.random.default_rng(5)
    a = rng.normal(size=(2, len(cells)))
    compiled = compile_bilinear(upwind, basis, pattern, components=2)
    same(pattern.matrix(compiled @ a.ravel()).toarray(), upwind.assemble(basis, a=a[..., None]).toarray())


