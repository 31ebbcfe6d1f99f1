-- Facts from another PostgreSQL, by postgres_fdw.  There is a table "orders" there, of
-- orders that became goal events:
--
--   orders (order_no text, customer text, placed_at timestamptz, total numeric,
--           currency text, changed_at timestamptz)
--
-- Run by a superuser, or a role that may use the foreign data wrapper; the first part once:
--
--   psql -X -v ON_ERROR_STOP=1 -v host=... -v port=5432 -v dbname=crm -v user=... -f fdw.sql
--
-- A password belongs into the user mapping: OPTIONS (user ..., password ...).

CREATE EXTENSION IF NOT EXISTS postgres_fdw;

CREATE SERVER IF NOT EXISTS crm FOREIGN DATA WRAPPER postgres_fdw
	OPTIONS (host :'host', port :'port', dbname :'dbname', fetch_size '10000');

CREATE USER MAPPING IF NOT EXISTS FOR CURRENT_USER SERVER crm OPTIONS (user :'user');

CREATE SCHEMA IF NOT EXISTS crm;

CREATE FOREIGN TABLE IF NOT EXISTS crm.orders (
	order_no text NOT NULL,
	customer text NOT NULL,
	placed_at timestamptz NOT NULL,
	total numeric,
	currency text,
	changed_at timestamptz NOT NULL
) SERVER crm OPTIONS (schema_name 'public', table_name 'orders');

-- How far each source has been read
CREATE TABLE IF NOT EXISTS crm.read_to (
	source text PRIMARY KEY,
	changed_at timestamptz NOT NULL
);

-- From here on as often as you like.  What has changed since the last time comes again
-- with an hour's overlap, for transactions there that took long to commit.
BEGIN;

INSERT INTO crm.read_to (source, changed_at)
VALUES ('orders', '-infinity')
ON CONFLICT DO NOTHING;

SELECT changed_at AS read_to FROM crm.read_to WHERE source = 'orders' FOR UPDATE \gset

CREATE TEMPORARY TABLE new_orders ON COMMIT DROP AS
SELECT order_no, customer, placed_at, total, currency, changed_at
FROM crm.orders
WHERE changed_at >= timestamptz :'read_to' - interval '1 hour';

INSERT INTO goaltracker.goal_event AS t (
	account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at,
	transaction_value, currency, brand_event_id)
SELECT 'harbour-books', 'crm-' || order_no, customer, 'g-order', 'Purchase Event', placed_at,
	total, currency, order_no
FROM new_orders
ON CONFLICT (account_id, goal_event_id) DO UPDATE SET (
	consumer_id, reached_at, transaction_value, currency) = ROW (
	EXCLUDED.consumer_id, EXCLUDED.reached_at, EXCLUDED.transaction_value, EXCLUDED.currency)
WHERE (t.consumer_id, t.reached_at, t.transaction_value, t.currency) IS DISTINCT FROM (
	EXCLUDED.consumer_id, EXCLUDED.reached_at, EXCLUDED.transaction_value, EXCLUDED.currency);

UPDATE crm.read_to
SET changed_at = GREATEST(changed_at, (SELECT max(n.changed_at) FROM new_orders AS n))
WHERE source = 'orders';

COMMIT;

SELECT consumers, goal_events, touchpoints FROM goaltracker.refresh();
