"""The rules, a module per subject. A rule is a function named by its notice code (see
`engine.rule`).
"""
