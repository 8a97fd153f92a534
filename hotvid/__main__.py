"""`python -m hotvid`: the command line without the installed command."""

from hotvid.cli.main import main

if __name__ == "__main__":
    main()
