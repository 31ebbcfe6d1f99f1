-- ---------------------------------------------------------------------------
-- The extension's reports against the oracle's
--
-- Works within one statement, so that now() is one instant and open segments
-- can be compared too.  Call oracle.evaluate() before.
-- ---------------------------------------------------------------------------

-- The columns of a report that are compared, each in a form in which equal
-- things are equal: in one collation, and intervals by their length.  The
-- bucket's label is free, its number is compared.
CREATE FUNCTION oracle.compared_columns(report text)
RETURNS text LANGUAGE sql STABLE
RETURN (
	SELECT string_agg(
		CASE atttypid
			WHEN 'text'::regtype THEN format('%I COLLATE "C" AS %1$I', attname)
			WHEN 'interval'::regtype THEN format('extract(epoch FROM %I) AS %1$I', attname)
			ELSE format('%I', attname)
		END, ', ' ORDER BY attnum)
	FROM pg_attribute
	WHERE attrelid = format('oracle.%I', report)::regclass
		AND attnum > 0 AND attname <> 'duration_bucket');

-- One row per report: how many rows the oracle has, how many of those the
-- extension lacks, how many it has that the oracle lacks, and one of each.
CREATE FUNCTION oracle.differences()
RETURNS TABLE (report text, expected bigint, lacking bigint, surplus bigint, lacks text, has text)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	columns text;
BEGIN
	FOREACH report IN ARRAY ARRAY['conversion_grid', 'credit_facts', 'unattributed_goal_events',
		'conversions_by_skill', 'conversions_by_agent', 'conversions_by_account', 'agent_summary']
	LOOP
		columns := oracle.compared_columns(report);
		EXECUTE format('
			WITH expected AS MATERIALIZED (SELECT %1$s FROM oracle.%2$I),
				found AS MATERIALIZED (SELECT %1$s FROM goaltracker.%2$I),
				lacking AS MATERIALIZED (SELECT * FROM expected EXCEPT ALL SELECT * FROM found),
				surplus AS MATERIALIZED (SELECT * FROM found EXCEPT ALL SELECT * FROM expected)
			SELECT (SELECT count(*) FROM expected), (SELECT count(*) FROM lacking), (SELECT count(*) FROM surplus),
				(SELECT row_to_json(lacking)::text FROM lacking ORDER BY 1 LIMIT 1),
				(SELECT row_to_json(surplus)::text FROM surplus ORDER BY 1 LIMIT 1)',
			columns, report)
			INTO expected, lacking, surplus, lacks, has;
		RETURN NEXT;
	END LOOP;
END
$$;

-- Columns that the extension's reports lack or that have another type.
CREATE FUNCTION oracle.column_differences()
RETURNS TABLE (report text, name text, expected text, found text)
LANGUAGE sql STABLE AS $$
	SELECT c.relname, a.attname, format_type(a.atttypid, NULL), format_type(b.atttypid, NULL)
	FROM pg_class AS c
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
		LEFT JOIN pg_attribute AS b
			ON b.attrelid = to_regclass(format('goaltracker.%I', c.relname))
			AND b.attname = a.attname AND NOT b.attisdropped
	WHERE c.relnamespace = 'oracle'::regnamespace
		AND c.relname IN ('conversion_grid', 'credit_facts', 'unattributed_goal_events',
			'conversions_by_skill', 'conversions_by_agent', 'conversions_by_account', 'agent_summary')
		AND a.atttypid IS DISTINCT FROM b.atttypid
		-- A count may be any integer.
		AND NOT (a.atttypid IN ('integer'::regtype, 'bigint'::regtype)
			AND b.atttypid IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
			AND a.attname NOT IN ('goal_event_key', 'segment_key'))
$$;
