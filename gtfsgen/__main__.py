"""`python -m gtfsgen`, where the command itself is not on the path."""

from gtfsgen.cli import run

if __name__ == "__main__":
    run()
