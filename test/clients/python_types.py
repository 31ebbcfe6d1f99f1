"""What psycopg2 makes of PostgreSQL's types, for whoever reads with it."""

TYPES = {
	"text": ["str"], "boolean": ["bool"], "smallint": ["int"], "integer": ["int"], "bigint": ["int"],
	"numeric": ["Decimal"], "date": ["date"], "interval": ["timedelta"],
	"timestamp with time zone": ["datetime"], "timestamp without time zone": ["datetime"],
}
