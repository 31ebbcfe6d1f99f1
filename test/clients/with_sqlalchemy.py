"""SQLAlchemy, which Superset reads with: reflection with comments, and rows."""

import sys

import sqlalchemy
from sqlalchemy.dialects import postgresql

import expected
from python_types import TYPES

REFLECTED = {
	"text": sqlalchemy.types.Text, "boolean": sqlalchemy.types.Boolean, "smallint": sqlalchemy.types.SmallInteger,
	"integer": sqlalchemy.types.Integer, "bigint": sqlalchemy.types.BigInteger, "numeric": sqlalchemy.types.Numeric,
	"date": sqlalchemy.types.Date, "interval": postgresql.INTERVAL,
	"timestamp with time zone": sqlalchemy.types.DateTime, "timestamp without time zone": sqlalchemy.types.DateTime,
}

views = expected.load(sys.argv[1])
engine = sqlalchemy.create_engine("postgresql+psycopg2://", connect_args={"options": "-c timezone=UTC"})
inspector = sqlalchemy.inspect(engine)
found = set(inspector.get_view_names(schema="goaltracker"))
if hasattr(inspector, "get_materialized_view_names"):
	found |= set(inspector.get_materialized_view_names(schema="goaltracker"))
expected.same(sorted(set(views) - found), [], "SQLAlchemy: lists all views")

with engine.connect() as connection:
	for view in views.values():
		columns = inspector.get_columns(view.name, schema="goaltracker")
		expected.same([c["name"] for c in columns], [c.name for c in view.columns], f"SQLAlchemy: {view.name}: columns")
		expected.same([c["comment"] for c in columns], [c.comment for c in view.columns], f"SQLAlchemy: {view.name}: comments of columns")
		expected.same(inspector.get_table_comment(view.name, schema="goaltracker")["text"], view.comment, f"SQLAlchemy: {view.name}: comment")
		expected.same([c.name for c, r in zip(view.columns, columns) if not isinstance(r["type"], REFLECTED.get(c.base_type, ()))], [],
			f"SQLAlchemy: {view.name}: reflected types")
		expected.same([(r["name"], r["type"].precision, r["type"].scale) for r in columns
			if r["name"] in ("lead_value", "transaction_value") and (r["type"].precision, r["type"].scale) != (20, 4)], [],
			f"SQLAlchemy: {view.name}: money has its scale")
		table = sqlalchemy.Table(view.name, sqlalchemy.MetaData(), schema="goaltracker", autoload_with=engine)
		rows = connection.execute(sqlalchemy.select(*[table.c[c.name] for c in view.columns])).fetchall()
		expected.check_rows("SQLAlchemy", view, view.columns, rows, TYPES)
expected.done()
