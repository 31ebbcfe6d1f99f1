"""Before any client: every view and column says what it is, in types that tools can do
something with."""

import sys

import expected

# What JDBC and ODBC have types for.
USABLE = {"text", "boolean", "smallint", "integer", "bigint", "numeric", "date",
	"timestamp with time zone", "timestamp without time zone"}

for view in expected.load(sys.argv[1]).values():
	expected.check(view.comment, f"{view.name}: has a comment")
	expected.same([c.name for c in view.columns if not c.comment], [], f"{view.name}: so have all columns")
	expected.same([(c.name, c.type) for c in view.usable() if c.base_type not in USABLE], [], f"{view.name}: usable types")
	# time_assigned, seconds_assigned
	names = {c.name for c in view.columns}
	expected.same([c.name for c in view.columns
		if c.type == "interval" and c.name.replace("time", "seconds") not in names], [],
		f"{view.name}: an interval has its seconds at its side")
	# nothing is under way here
	if view.name != "refresh_progress":
		expected.check(view.rows > 0, f"{view.name}: there is something to read")
expected.done()
