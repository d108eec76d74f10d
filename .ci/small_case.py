"""Run one case on a coarse mesh: python .ci/small_case.py cases/x.py OUT"""

import runpy
import sys
import time

import cellfem

script, out = sys.argv[1:]
begin = time.perf_counter()
rows = runpy.run_path(script, run_name="case")["main"](out=out, coarsen=3.0)
print(f"{script}, coarse: {len(rows)} rows in {time.perf_counter() - begin:.0f} s")
print(cellfem.format_table(rows))
