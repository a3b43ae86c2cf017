"""Coverage-guided fuzzing of everything that reads octets of other people's making.

targets     the table: a name, a function of octets that raises when a property does not hold
smpp, web, texts    the functions, by the part of the program they try
reading     how a target takes its octets apart, and how it bounds the time of one input
engine      one target until the time is over: under atheris, or blindly where that cannot be installed
__main__    `python -m fuzz`: several targets, a table of what was done; `make fuzz` runs it
corpus      a few kilobytes of octets for each target to begin with
regressions the octets of every fault found so far

Both folders are replayed by tests/fuzz on every machine, without atheris.
"""
