"""ODBC, which Power BI, Excel and Tableau can read with: psqlODBC under unixODBC."""

import os
import sys

import pyodbc

import expected

TYPES = {
	"text": ["str"], "boolean": ["bool", "str"], "smallint": ["int"], "integer": ["int"], "bigint": ["int"],
	"numeric": ["Decimal"], "date": ["date"], "timestamp with time zone": ["datetime"],
	"timestamp without time zone": ["datetime"],
}
# SQL types that SQLColumns must give
SQL_TYPES = {
	"text": {pyodbc.SQL_WVARCHAR}, "smallint": {pyodbc.SQL_SMALLINT},
	"boolean": {pyodbc.SQL_BIT, pyodbc.SQL_VARCHAR, pyodbc.SQL_WVARCHAR, pyodbc.SQL_CHAR},
	"integer": {pyodbc.SQL_INTEGER}, "bigint": {pyodbc.SQL_BIGINT}, "numeric": {pyodbc.SQL_NUMERIC},
	"date": {pyodbc.SQL_TYPE_DATE}, "timestamp with time zone": {pyodbc.SQL_TYPE_TIMESTAMP},
	"timestamp without time zone": {pyodbc.SQL_TYPE_TIMESTAMP},
}


def connect(timezone):
	# as doc/bi.md says: as a long type, tools would neither group nor sort by text
	connection = pyodbc.connect(
		"Driver={PostgreSQL Unicode};Server=%(PGHOST)s;Port=%(PGPORT)s;Database=%(PGDATABASE)s;Uid=%(PGUSER)s;Pwd=%(PGPASSWORD)s;"
		% os.environ + f"TextAsLongVarchar=0;MaxVarcharSize=1024;ConnSettings=SET timezone = '{timezone}'")
	return connection


connection = connect("UTC")
cursor = connection.cursor()
views = expected.load(sys.argv[1])
listed = {row.table_name: row for row in cursor.tables(schema="goaltracker").fetchall()}
expected.same(sorted(set(views) - set(listed)), [], "ODBC: SQLTables lists all views")
for view in views.values():
	columns = cursor.columns(schema="goaltracker", table=view.name).fetchall()
	expected.same([c.column_name for c in columns], [c.name for c in view.columns], f"ODBC: {view.name}: SQLColumns")
	expected.same([(c.column_name, c.type_name, c.data_type) for c, e in zip(columns, view.columns)
		if e.base_type in SQL_TYPES and c.data_type not in SQL_TYPES[e.base_type]], [], f"ODBC: {view.name}: SQL types")
	expected.same([(c.column_name, c.column_size) for c in columns if c.type_name == "text" and c.column_size != 1024], [],
		f"ODBC: {view.name}: texts are not cut")
	expected.same([(c.column_name, c.column_size, c.decimal_digits) for c in columns
		if c.column_name in ("lead_value", "transaction_value") and (c.column_size, c.decimal_digits) != (20, 4)], [],
		f"ODBC: {view.name}: money has its scale")
	usable = view.usable()
	rows = cursor.execute(f"SELECT {', '.join(c.name for c in usable)} FROM goaltracker.{view.name}").fetchall()
	expected.check_rows("ODBC", view, usable, rows, TYPES)

cursor.execute("SELECT count(*), min(date_key), max(date_key) FROM goaltracker.credit_facts WHERE date_key BETWEEN ? AND ?", 20250610, 20250612)
n, low, high = cursor.fetchone()
expected.check(n > 0 and low >= 20250610 and high <= 20250612, "ODBC: days by their numbers", (n, low, high))

# A client without time zones sees local times in goal_timestamp, and the same ones
# as everybody else in goal_timestamp_utc.
query = "SELECT min(goal_timestamp), min(goal_timestamp_utc), max(updated_at_utc) FROM goaltracker.conversion_grid"
here = cursor.execute(query).fetchone()
there = connect("America/New_York").cursor().execute(query).fetchone()
expected.check(here[0] != there[0], "ODBC: goal_timestamp depends on the session's time zone")
expected.same(tuple(there[1:]), tuple(here[1:]), "ODBC: what is in UTC does not")
cursor.execute("SELECT count(*) FROM goaltracker.credit_facts WHERE updated_at_utc > ?", here[2])
expected.same(cursor.fetchone()[0], 0, "ODBC: nothing is newer than the latest")
cursor.execute("SELECT count(*) FROM goaltracker.credit_facts WHERE updated_at_utc >= ?", here[2])
expected.check(cursor.fetchone()[0] > 0, "ODBC: something is as new as it")
expected.done()
