"""Every view.png below a folder shows coloured surfaces: python .ci/check_pictures.py FOLDER

Only the left three quarters count, because the colour scale stands at the right.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.image import imread

pictures = sorted(Path(sys.argv[1]).rglob("view.png"))
if not pictures:
    sys.exit(f"{sys.argv[1]}: no view.png was written")
for path in pictures:
    image = imread(path)[..., :3]
    left = image[:, : 3 * image.shape[1] // 4].reshape(-1, 3)
    coloured = left[np.ptp(left, axis=1) > 0.15]
    colours = len(np.unique(np.rint(coloured * 32), axis=0))
    print(f"{path}: {len(coloured) / len(left):.1%} coloured, {colours} colours")
    if len(coloured) < 2e-3 * len(left) or colours < 2:
        sys.exit(f"{path}: the picture shows no risk map")
