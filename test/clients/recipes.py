"""The SQL of doc/bi.md, as the tools would send it: each block runs, and finds something.

What tools put in place of their variables is put there before; the page says what."""

import re
import sys

import psycopg2

import expected

REPLACED = [
	# Power BI: the start and the end of a partition
	(r"@RangeStart\b", "'2025-06-10T00:00:00'::timestamp"),
	(r"@RangeEnd\b", "'2025-06-20T00:00:00'::timestamp"),
	# the latest time that a copy has
	(r":latest\b", "'2025-01-01 00:00:00+00'::timestamptz"),
	# Grafana
	(r"\$__timeFilter\(([^)]*)\)", r"\1 BETWEEN '2025-06-01T00:00:00Z' AND '2025-06-30T23:59:59Z'"),
	(r"\$__timeGroupAlias\(([^,)]*), *'1d'\)", r'floor(extract(epoch from \1)/86400)*86400 AS "time"'),
	(r"\$\{__from:date:YYYYMMDD\}", "20250601"),
	(r"\$\{__to:date:YYYYMMDD\}", "20250630"),
	(r"\$\{account:sqlstring\}", "'fern-and-kettle'"),
	# Metabase: field filters, and a number
	(r"\{\{days\}\}", "\"goaltracker\".\"conversions_by_skill\".\"conversation_date\" BETWEEN date '2025-06-01' AND date '2025-06-30'"),
	(r"\{\{window\}\}", "7"),
	# Superset
	(r"\{\{ *from_dttm *\}\}", "2025-06-01 00:00:00.000000"),
	(r"\{\{ *to_dttm *\}\}", "2025-07-01 00:00:00.000000"),
	# Looker: a view's own name for its columns
	(r"\$\{TABLE\}\.", ""),
]


def as_sent(sql, optional):
	# Metabase leaves what stands in [[ ]] out as long as nothing is chosen
	sql = re.sub(r"\[\[(.*?)\]\]", r"\1" if optional else "", sql, flags=re.DOTALL)
	for pattern, replacement in REPLACED:
		sql = re.sub(pattern, replacement, sql)
	return sql


with open(sys.argv[1], encoding="utf-8") as page:
	text = page.read()
headings = [(m.start(), m.group(1)) for m in re.finditer(r"^#+ (.*)$", text, re.MULTILINE)]
blocks = list(re.finditer(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
expected.check(len(blocks) >= 15, "there are recipes", len(blocks))

for number, block in enumerate(blocks, 1):
	heading = [title for start, title in headings if start < block.start()][-1]
	for optional in ([True, False] if "[[" in block.group(1) else [True]):
		name = f"{heading}: block {number}" + ("" if optional else ", nothing chosen")
		sql = as_sent(block.group(1), optional)
		# as a reader who reads, in a session of its own
		connection = psycopg2.connect("")
		connection.set_session(readonly=True)
		cursor = connection.cursor()
		try:
			found = 0
			for statement in [s for s in re.split(r";\s*\n", sql + "\n") if s.strip()]:
				cursor.execute(statement)
				if cursor.description is not None:
					found = cursor.rowcount
			expected.check(found > 0, f"{name}: finds something", sql)
		except psycopg2.Error as error:
			expected.check(False, f"{name}: runs", *str(error).splitlines(), *sql.splitlines())
		finally:
			connection.close()

# A setting within the statement acts upon it, and upon nothing behind it.
connection = psycopg2.connect("")
connection.autocommit = True
cursor = connection.cursor()


def summed(query):
	cursor.execute(f"SELECT sum(conversions) FROM ({query}) AS report")
	return cursor.fetchone()[0]


plain = "SELECT * FROM goaltracker.conversions_by_account"
(what_if,) = [b.group(1) for b in blocks if "{{window}}" in b.group(1)]
before = summed(plain)
for window in (0, 3):
	found = summed(what_if.replace("{{window}}", str(window)).rstrip().rstrip(";"))
	expected.check(summed(plain) == before, f"window {window}: then all is as it was")
	cursor.execute(f"SET goaltracker.contribution_window = {window}")
	expected.same(found, summed(plain), f"window {window}: as if it had been set")
	expected.check(found != before, f"window {window}: which makes a difference")
	cursor.execute("RESET goaltracker.contribution_window")
connection.close()

# What is left of a tool's own syntax was not put in place.
left = sorted({m.group(0) for b in blocks for m in re.finditer(r"\$\{?__\w+|\{\{.*?\}\}|@Range\w+|\[\[", as_sent(b.group(1), True))})
expected.same(left, [], "every variable is known")
expected.done()
