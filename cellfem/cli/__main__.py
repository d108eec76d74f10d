"""python -m cellfem.cli"""

import sys

from cellfem.cli import main

if __name__ == "__main__":
    sys.exit(main())
