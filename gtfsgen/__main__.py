"""`python -m gtfsgen`, where the command itself is not on the path."""

from gtfsgen.cli import main

if __name__ == "__main__":
    main(prog_name="python -m gtfsgen")
