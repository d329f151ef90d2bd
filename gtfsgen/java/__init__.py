"""What Java and its libraries make of a text, because the canonical validator is written in it.

Each module names what it imitates. Nothing here is used where the answer need not be Java's.
"""
