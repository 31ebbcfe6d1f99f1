"""psycopg2: Python, and what is built upon it."""

import datetime
import sys

import psycopg2

import expected
from python_types import TYPES

connection = psycopg2.connect("")
connection.set_session(readonly=True)
cursor = connection.cursor()
cursor.execute("SET timezone = 'UTC'")
for view in expected.load(sys.argv[1]).values():
	cursor.execute(f"SELECT * FROM goaltracker.{view.name}")
	expected.same([d.name for d in cursor.description], [c.name for c in view.columns], f"psycopg2: {view.name}: columns")
	expected.check_rows("psycopg2", view, view.columns, cursor.fetchall(), TYPES)

# Parameters go by value.
cursor.execute("SELECT count(*), min(date_key), max(date_key) FROM goaltracker.credit_facts WHERE date_key BETWEEN %s AND %s",
	(20250610, 20250612))
n, low, high = cursor.fetchone()
expected.check(n > 0 and low >= 20250610 and high <= 20250612, "psycopg2: days by their numbers", (n, low, high))
cursor.execute("SELECT max(updated_at) FROM goaltracker.credit_facts")
(latest,) = cursor.fetchone()
expected.check(latest.tzinfo is not None, "psycopg2: updated_at has a time zone")
cursor.execute("SELECT count(*) FROM goaltracker.credit_facts WHERE updated_at > %s", (latest,))
expected.same(cursor.fetchone(), (0,), "psycopg2: nothing is newer than the latest")
cursor.execute("SELECT count(*) > 0 FROM goaltracker.credit_facts WHERE updated_at > %s", (latest - datetime.timedelta(days=1),))
expected.same(cursor.fetchone(), (True,), "psycopg2: all is newer than the day before")
expected.done()
