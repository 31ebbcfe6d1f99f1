"""psql: what \\dv and \\d+ show."""

import subprocess
import sys

import expected


def psql(command):
	output = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", command],
		capture_output=True, text=True, check=True).stdout
	return [line.split("\t") for line in output.splitlines()]


views = expected.load(sys.argv[1])
# schema, name, type, owner, persistence, size, description; \dm has the access method too
listed = {line[1]: line[-1] for command in (r"\dv+ goaltracker.*", r"\dm+ goaltracker.*") for line in psql(command)}
for view in views.values():
	expected.same(listed.get(view.name), view.comment, f"psql: {view.name}: comment")
	# the columns come first: column, type, collation, nullable, default, storage, ..., description
	lines = psql(rf"\d+ goaltracker.{view.name}")[:len(view.columns)]
	expected.same([(line[0], line[1], line[-1]) for line in lines], [(c.name, c.type, c.comment) for c in view.columns],
		f"psql: {view.name}: columns, types and comments")
expected.done()
