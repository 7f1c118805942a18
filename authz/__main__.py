"""`python -m authz` is the same program as `authz`."""

from authz.cli.main import main

if __name__ == "__main__":
    main()
