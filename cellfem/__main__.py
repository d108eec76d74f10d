"""`python -m cellfem` is the command line."""

from cellfem.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
