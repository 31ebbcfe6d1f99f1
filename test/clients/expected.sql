-- What a client must find, as tab-separated lines: every public view with its comment and
-- rows; every column with its number, type, comment and a digest of its values.
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset fieldsep '\t'
SET timezone = 'UTC';
CREATE TEMPORARY TABLE public_column AS
SELECT c.relname AS view, c.oid AS view_oid, a.attname AS name, a.attnum AS no, format_type(a.atttypid, a.atttypmod) AS type,
	col_description(c.oid, a.attnum) AS comment, NULL::text AS digest
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'goaltracker'::regnamespace AND c.relkind IN ('v', 'm') AND c.relname NOT LIKE '\_%';
CREATE TEMPORARY TABLE public_view AS
SELECT DISTINCT view, obj_description(view_oid, 'pg_class') AS comment, NULL::bigint AS rows FROM public_column;

-- How many values there are, and: of numbers and intervals (in seconds) the sum, of texts
-- the sum of their lengths, of dates and times the least and the greatest one.
DO $$
DECLARE
	c record;
	value text;
BEGIN
	FOR c IN SELECT * FROM public_column LOOP
		value := CASE
			WHEN c.type = 'text' THEN 'sum(length(%1$I))::text'
			WHEN c.type = 'boolean' THEN 'sum(%1$I::integer)::text'
			WHEN c.type = 'interval' THEN 'trim_scale(sum(extract(epoch FROM %1$I)))::text'
			WHEN c.type = 'date' THEN 'min(%1$I)::text || '' '' || max(%1$I)::text'
			WHEN c.type LIKE 'timestamp%' THEN $f$to_char(min(%1$I), 'YYYY-MM-DD"T"HH24:MI:SS.US') || ' ' || to_char(max(%1$I), 'YYYY-MM-DD"T"HH24:MI:SS.US')$f$
			WHEN c.type ~ '^(smallint|integer|bigint|numeric)' THEN 'trim_scale(sum(%1$I::numeric))::text'
			-- of no use to clients, as catalog.py says
			ELSE 'sum(length(%1$I::text))::text'
		END;
		EXECUTE format('UPDATE public_column SET digest = (SELECT count(%1$I) || '' '' || coalesce(' || value || ', ''none'')'
			|| ' FROM goaltracker.%2$I) WHERE view = %2$L AND name = %1$L', c.name, c.view);
	END LOOP;
	FOR c IN SELECT * FROM public_view LOOP
		EXECUTE format('UPDATE public_view SET rows = (SELECT count(*) FROM goaltracker.%1$I) WHERE view = %1$L', c.view);
	END LOOP;
END $$;
SELECT 'view', view, comment, rows FROM public_view ORDER BY view;
SELECT 'column', view, name, type, comment, digest FROM public_column ORDER BY view, no;
