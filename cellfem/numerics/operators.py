"""Compiled forms: a weak form that is linear in one coefficient becomes a sparse map, built once per mesh.

Every form below is a scikit-fem form with one coefficient `w.a` per quadrature point.  `compile_bilinear` integrates
it once per quadrature point (and component) with the unit coefficient and keeps the result as a sparse matrix
*coefficient -> entries*, so that re-assembly is one sparse product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from skfem import Basis, BilinearForm, FacetBasis, LinearForm, MeshLine1, MeshTet1, MeshTri1
from skfem.element import ElementLineP1, ElementTetP1, ElementTriP1
from skfem.helpers import ddot, dot, grad, mul  # noqa: F401

from cellfem.numerics.assembly import Places

ELEMENTS = {MeshLine1: ElementLineP1, MeshTri1: ElementTriP1, MeshTet1: ElementTetP1}


@BilinearForm
def diffusion(u, v, w):
    """int a B grad u . grad v: scalar coefficient a, constant tensor B."""
    return w.a * dot(mul(w.B, grad(u)), grad(v))


@BilinearForm
def drift(u, v, w):
    """int u a . grad v: vector coefficient a."""
    return u * dot(w.a, grad(v))


@LinearForm
def divergence(v, w):
    """int a . grad v: vector coefficient a."""
    return dot(w.a, grad(v))


@LinearForm
def source(v, w):
    """int a v: scalar coefficient a."""
    return w.a * v


def centroid_rule(dim: int):
    """One point per cell: exact for the products of gradients of P1, second order for coefficients."""
    reference = {1: 1.0, 2: 0.5, 3: 1 / 6}[dim]
    return np.full((dim, 1), 1 / (dim + 1)), np.array([reference])


def vertex_rule(dim: int):
    """The vertices of a cell (dim) or of a facet (dim - 1), equal weights: the lumped rule."""
    if dim == 0:
        return np.zeros((1, 1)), np.ones(1)
    reference = {1: 1.0, 2: 0.5, 3: 1 / 6}[dim]
    return np.hstack([np.zeros((dim, 1)), np.eye(dim)]), np.full(dim + 1, reference / (dim + 1))


def cell_basis(mesh, cells: np.ndarray, lumped: bool = False) -> Basis:
    """P1 on some cells with the centroid rule or the vertex rule."""
    rule = vertex_rule(mesh.dim()) if lumped else centroid_rule(mesh.dim())
    return Basis(mesh, ELEMENTS[type(mesh)](), elements=cells, quadrature=rule)


def facet_basis(mesh, facets: np.ndarray) -> FacetBasis:
    """P1 on some facets, inner or outer, with the vertex rule."""
    return FacetBasis(mesh, ELEMENTS[type(mesh)](), facets=facets, quadrature=vertex_rule(mesh.dim() - 1))


@dataclass(frozen=True)
class Pattern:
    """The sparsity of a P1 matrix on some cells, in a local numbering of their nodes.

    Nodes that are one and the same (`images`: of each mesh node, the one that stands for it) have one number.
    """

    nodes: np.ndarray  # (n,) mesh nodes, ascending
    local: np.ndarray  # (mesh nodes,) number of each node, -1 where neither it nor an image belongs to the cells
    rows: np.ndarray  # (nnz,) local row of each entry, row-major
    cols: np.ndarray  # (nnz,)
    positions: np.ndarray  # (d+1, d+1, cells) entry of the pair (test, trial)

    @staticmethod
    def of(mesh, cells: np.ndarray, images: np.ndarray | None = None) -> Pattern:
        images = np.arange(mesh.nvertices) if images is None else images
        nodes = np.unique(images[mesh.t[:, cells]])
        local = np.full(mesh.nvertices, -1, dtype=np.int64)
        local[nodes] = np.arange(len(nodes))
        local = local[images]
        t = local[mesh.t[:, cells]]
        rows, cols = (part.ravel() for part in np.broadcast_arrays(t[:, None, :], t[None, :, :]))
        places = Places.of(rows, cols, len(nodes))
        return Pattern(nodes, local, places.rows, places.cols, places.position.reshape(len(t), len(t), -1))

    @property
    def size(self) -> int:
        return len(self.rows)

    @cached_property
    def indptr(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(np.bincount(self.rows, minlength=len(self.nodes)))])

    def at_nodes(self, values: np.ndarray, rest=np.nan) -> np.ndarray:
        """(mesh nodes,) values of the numbered nodes where they stand in the mesh, `rest` elsewhere."""
        return np.where(self.local >= 0, values[self.local], rest)

    def summed(self, weights: np.ndarray) -> np.ndarray:
        """(n,) sums of weights of the mesh nodes that have one number; those of other cells' nodes are left out."""
        mine = self.local >= 0
        return np.bincount(self.local[mine], weights[mine], len(self.nodes))

    def matrix(self, data: np.ndarray) -> sp.csr_matrix:
        """The entries as a CSR matrix in local numbering."""
        return sp.csr_matrix((data, self.cols, self.indptr), shape=(len(self.nodes),) * 2)


def compile_bilinear(form, basis: Basis, pattern: Pattern, components: int = 0, **constants) -> sp.csr_matrix:
    """Sparse map (pattern.size x coefficients): entries of `form` linear in its coefficient `a` at one-point cells.

    `components` = 0 for a scalar coefficient, else the number of components of a vector; the coefficients of a vector
    are ordered component-major, (components, cells).ravel().
    """
    cells = basis.dx.shape[0]
    local = pattern.positions.shape[0]
    maps = []
    for a in _unit_coefficients(basis, components):
        coo = form.coo_data(basis, a=a, **constants)
        data = coo.data.reshape(local, local, cells)  # ordered (trial, test, cell)
        positions = pattern.positions.transpose(1, 0, 2)
        maps.append(sp.csr_matrix((data.ravel(), (positions.ravel(), np.tile(np.arange(cells), local * local))),
                                  shape=(pattern.size, cells)))
    return maps[0] if components == 0 else sp.hstack(maps, format="csr")


@dataclass(frozen=True)
class Drift:
    """`drift` compiled: at the centroid all trial functions are equal, so an entry is that of its test function."""

    local: np.ndarray  # (d, d + 1, cells) entry per test function and unit of a component of the coefficient
    spread: sp.csr_matrix  # (pattern.size, (d + 1) * cells) what goes where

    @staticmethod
    def compile(basis: Basis, pattern: Pattern) -> Drift:
        n, cells = pattern.positions.shape[0], basis.dx.shape[0]
        data = [drift.coo_data(basis, a=a).data for a in _unit_coefficients(basis, n - 1)]
        local = np.array([part.reshape(n, n, cells)[0] for part in data])
        columns = np.broadcast_to(np.arange(n * cells, dtype=np.int32).reshape(n, 1, cells), (n, n, cells))
        spread = sp.csr_matrix((np.ones(columns.size), (pattern.positions.ravel(), columns.ravel())),
                               shape=(pattern.size, n * cells))
        return Drift(local, spread)

    def __matmul__(self, a: np.ndarray) -> np.ndarray:
        """(pattern.size,) entries for the coefficient a, (d, cells) or that ravelled."""
        parts = zip(self.local, a.reshape(len(self.local), -1), strict=True)
        return self.spread @ sum(part * component for part, component in parts).ravel()


def compile_linear(form, basis: Basis, pattern: Pattern, components: int = 0, **constants) -> sp.csr_matrix:
    """Sparse map (nodes x coefficients): the load vector of `form`, linear in its coefficient `a`; one-point cells."""
    cells = basis.dx.shape[0]
    maps = []
    for a in _unit_coefficients(basis, components):
        coo = form.coo_data(basis, a=a, **constants)
        columns = np.tile(np.arange(cells), len(coo.data) // cells)
        maps.append(sp.csr_matrix((coo.data, (pattern.local[coo.indices[0]], columns)),
                                  shape=(len(pattern.nodes), cells)))
    return maps[0] if components == 0 else sp.hstack(maps, format="csr")


def _unit_coefficients(basis: Basis, components: int):
    if components == 0:
        yield np.ones(basis.dx.shape)
        return
    for k in range(components):
        a = np.zeros((components, *basis.dx.shape))
        a[k] = 1.0
        yield a


def lumped_weights(basis, weight: np.ndarray) -> np.ndarray:
    """(mesh nodes,) int weight phi_i by the vertex rule, `weight` one value per cell or facet of the basis."""
    return source.assemble(basis, a=np.broadcast_to(weight[:, None], basis.dx.shape))


@dataclass(frozen=True)
class CellOperators:
    """All that the balances need on a set of cells: compiled maps, gradients and means.  Tensors are (d, d, cells)."""

    pattern: Pattern
    cells: np.ndarray  # mesh cells
    volume: np.ndarray  # (cells,)
    gradient: sp.csr_matrix  # (d * cells, n): nodal values -> cell gradients, component-major
    bent: sp.csr_matrix  # the same times B: nodal values -> B grad u
    mean: sp.csr_matrix  # (cells, n): nodal values -> centroid values
    div: sp.csr_matrix  # (n, d * cells): flux coefficient -> int a . grad v
    diffusion: sp.csr_matrix  # (nnz, cells): a -> int a B grad u . grad v
    drift: Drift | None  # (d * cells,) coefficient a -> (nnz,) int u a . grad v

    @staticmethod
    def compile(mesh, cells: np.ndarray, B: np.ndarray, with_drift: bool = True, images=None) -> CellOperators:
        basis = cell_basis(mesh, cells)
        pattern = Pattern.of(mesh, cells, images)
        d, n = mesh.dim(), len(pattern.nodes)
        div = compile_linear(divergence, basis, pattern, components=d)
        volume = basis.dx[:, 0]
        gradient = (sp.diags(1 / np.tile(volume, d)) @ div.T).tocsr()
        bent = sum(sp.diags(B[:, j].ravel()) @ sp.vstack([gradient[j * len(cells):(j + 1) * len(cells)]] * d)
                   for j in range(d) if np.any(B[:, j])).tocsr()
        t = pattern.local[mesh.t[:, cells]]
        mean = sp.csr_matrix((np.full(t.size, 1 / (d + 1)), (np.tile(np.arange(len(cells)), d + 1), t.ravel())),
                             shape=(len(cells), n))
        return CellOperators(pattern, cells, volume, gradient, bent, mean, div,
                             compile_bilinear(diffusion, basis, pattern, B=B[..., None]),
                             Drift.compile(basis, pattern) if with_drift else None)

    def grad(self, u: np.ndarray) -> np.ndarray:
        """(d, cells) gradient of nodal values."""
        return (self.gradient @ u).reshape(-1, len(self.cells))

    def bent_grad(self, u: np.ndarray) -> np.ndarray:
        """(d, cells) B times the gradient of nodal values."""
        return (self.bent @ u).reshape(-1, len(self.cells))
