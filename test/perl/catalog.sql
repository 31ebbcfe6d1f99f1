-- Everything that PostgreSQL's catalogs say about the extension, a line for each
-- object and property: two databases that have the same lines have the same
-- extension.  Names only, no oids.
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET search_path = pg_catalog, pg_temp;

CREATE TEMPORARY TABLE member AS
SELECT d.classid, d.objid
FROM pg_depend AS d
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'goaltracker' AND d.deptype = 'e';

-- Tables, views and the like; composite types have columns too.
CREATE TEMPORARY TABLE relation AS
SELECT c.*
FROM pg_class AS c
WHERE c.oid IN (SELECT objid FROM member WHERE classid = 'pg_class'::regclass)
	OR c.reltype IN (SELECT objid FROM member WHERE classid = 'pg_type'::regclass);

-- What hangs on members without being one.
CREATE TEMPORARY TABLE object AS
SELECT classid, objid FROM member
UNION
SELECT 'pg_class'::regclass, indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM relation)
UNION
SELECT 'pg_constraint'::regclass, oid FROM pg_constraint
WHERE conrelid IN (SELECT oid FROM relation)
	OR contypid IN (SELECT objid FROM member WHERE classid = 'pg_type'::regclass)
UNION
SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM relation) AND NOT tgisinternal
UNION
SELECT 'pg_policy'::regclass, oid FROM pg_policy WHERE polrelid IN (SELECT oid FROM relation)
UNION
SELECT 'pg_rewrite'::regclass, oid FROM pg_rewrite WHERE ev_class IN (SELECT oid FROM relation)
UNION
SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext WHERE stxrelid IN (SELECT oid FROM relation)
UNION
SELECT 'pg_extension'::regclass, oid FROM pg_extension WHERE extname = 'goaltracker';

CREATE FUNCTION pg_temp.privileges(list aclitem[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s to %s by %s%s', a.privilege_type,
			CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, a.grantor::regrole,
			CASE WHEN a.is_grantable THEN ' grantable' END), ', '
		ORDER BY a.grantee, a.privilege_type, a.grantor)
	FROM aclexplode(list) AS a
$$;

CREATE TEMPORARY TABLE property (object text, property text, value text);

INSERT INTO property
SELECT pg_describe_object(classid, objid, 0), 'is a member', NULL FROM member;

-- Nothing in the schema that the extension does not know of.
INSERT INTO property
SELECT pg_describe_object(o.classid, o.objid, 0), 'is in the schema but no member', NULL
FROM (
	SELECT 'pg_class'::regclass, oid FROM pg_class
	WHERE relnamespace = 'goaltracker'::regnamespace AND relkind NOT IN ('i', 'c')
	UNION ALL
	SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = 'goaltracker'::regnamespace) AS o (classid, objid)
WHERE (o.classid, o.objid) NOT IN (SELECT classid, objid FROM member);

INSERT INTO property
SELECT pg_describe_object(d.classoid, d.objoid, d.objsubid), 'comment', d.description
FROM pg_description AS d
WHERE (d.classoid, d.objoid) IN (SELECT classid, objid FROM object);

INSERT INTO property
SELECT pg_describe_object(p.classoid, p.objoid, p.objsubid), 'initial privileges',
	p.privtype::text || ': ' || pg_temp.privileges(p.initprivs)
FROM pg_init_privs AS p
WHERE (p.classoid, p.objoid) IN (SELECT classid, objid FROM object);

INSERT INTO property
SELECT 'extension', 'version, relocatable, schema', concat_ws(', ', e.extversion, e.extrelocatable, e.extnamespace::regnamespace)
FROM pg_extension AS e WHERE e.extname = 'goaltracker'
UNION ALL
SELECT 'extension', 'dumps the data of ' || c.relation::regclass, c.condition
FROM pg_extension AS e CROSS JOIN unnest(e.extconfig, e.extcondition) AS c (relation, condition)
WHERE e.extname = 'goaltracker';

INSERT INTO property
SELECT 'schema ' || nspname, 'owner, privileges',
	concat_ws(': ', nspowner::regrole, pg_temp.privileges(coalesce(nspacl, acldefault('n', nspowner))))
FROM pg_namespace
WHERE oid IN (SELECT objid FROM member WHERE classid = 'pg_namespace'::regclass);

-- Functions, procedures, aggregates.
INSERT INTO property
SELECT pg_describe_object('pg_proc'::regclass, p.oid, 0), v.property, v.value
FROM pg_proc AS p
LEFT JOIN pg_aggregate AS a ON a.aggfnoid = p.oid
CROSS JOIN LATERAL (VALUES
	('owner, privileges', concat_ws(': ', p.proowner::regrole,
		pg_temp.privileges(coalesce(p.proacl, acldefault('f', p.proowner))))),
	('definition', CASE WHEN p.prokind = 'a' THEN (
			to_jsonb(a) - '{aggfnoid,aggtranstype,aggmtranstype,aggsortop}'::text[] || jsonb_build_object(
				'aggtranstype', format_type(a.aggtranstype, NULL),
				'aggmtranstype', format_type(nullif(a.aggmtranstype, 0), NULL),
				'aggsortop', a.aggsortop::regoperator,
				'result', pg_get_function_result(p.oid),
				'attributes', ARRAY[p.provolatile, p.proparallel]::text[] || p.proisstrict::text || p.procost::text || p.prosecdef::text,
				'config', p.proconfig))::text
		ELSE pg_get_functiondef(p.oid)
	END)) AS v (property, value)
WHERE p.oid IN (SELECT objid FROM member WHERE classid = 'pg_proc'::regclass);

-- Relations and their columns; pg_attver is a number that security releases of 2026
-- give to each column for themselves.
INSERT INTO property
SELECT pg_describe_object('pg_class'::regclass, c.oid, 0), v.property, v.value
FROM relation AS c
LEFT JOIN pg_sequence AS s ON s.seqrelid = c.oid
CROSS JOIN LATERAL (VALUES
	('owner, privileges', concat_ws(': ', c.relowner::regrole, pg_temp.privileges(coalesce(c.relacl,
		acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))))),
	('attributes', jsonb_build_object('kind', c.relkind, 'persistence', c.relpersistence, 'options', c.reloptions,
		'replica identity', c.relreplident, 'row security', c.relrowsecurity, 'forced', c.relforcerowsecurity,
		'access method', (SELECT amname FROM pg_am WHERE oid = c.relam), 'triggers', c.relhastriggers)::text),
	('query', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END),
	('sequence', (to_jsonb(s) - '{seqrelid,seqtypid}'::text[])::text || format_type(s.seqtypid, NULL)),
	('sequence of', (
		SELECT string_agg(d.deptype::text || ' ' || pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid), ', ')
		FROM pg_depend AS d
		WHERE c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))))
	AS v (property, value);

INSERT INTO property
SELECT pg_describe_object('pg_class'::regclass, c.oid, 0), 'column ' || row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
	jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull,
		'default', pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity, 'generated', a.attgenerated,
		'collation', a.attcollation::regcollation, 'storage', a.attstorage, 'compression', a.attcompression,
		'statistics', a.attstattarget, 'options', (
			SELECT jsonb_agg(o) FROM unnest(a.attoptions) AS o WHERE o NOT LIKE 'pg_attver=%'), 'privileges', pg_temp.privileges(a.attacl))::text
FROM relation AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum;

INSERT INTO property
SELECT pg_describe_object(o.classid, o.objid, 0), 'definition',
	CASE o.classid
		WHEN 'pg_class'::regclass THEN (
			SELECT pg_get_indexdef(i.indexrelid) || jsonb_build_object('unique', i.indisunique, 'primary', i.indisprimary,
				'clustered', i.indisclustered, 'replica identity', i.indisreplident, 'valid', i.indisvalid)
			FROM pg_index AS i WHERE i.indexrelid = o.objid)
		WHEN 'pg_constraint'::regclass THEN (
			SELECT pg_get_constraintdef(c.oid) || jsonb_build_object('validated', c.convalidated, 'inherited', c.coninhcount)
			FROM pg_constraint AS c WHERE c.oid = o.objid)
		WHEN 'pg_trigger'::regclass THEN (
			SELECT pg_get_triggerdef(t.oid) || ' enabled: ' || t.tgenabled::text FROM pg_trigger AS t WHERE t.oid = o.objid)
		WHEN 'pg_policy'::regclass THEN (
			SELECT jsonb_build_object('command', p.polcmd, 'permissive', p.polpermissive, 'roles', p.polroles::regrole[],
				'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))::text
			FROM pg_policy AS p WHERE p.oid = o.objid)
		WHEN 'pg_rewrite'::regclass THEN pg_get_ruledef(o.objid)
		WHEN 'pg_statistic_ext'::regclass THEN pg_get_statisticsobjdef(o.objid)
		WHEN 'pg_cast'::regclass THEN (
			SELECT jsonb_build_object('function', c.castfunc::regprocedure, 'context', c.castcontext, 'method', c.castmethod)::text
			FROM pg_cast AS c WHERE c.oid = o.objid)
	END
FROM object AS o
WHERE o.classid NOT IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_namespace'::regclass, 'pg_extension'::regclass)
	AND o.objid NOT IN (SELECT oid FROM relation);

INSERT INTO property
SELECT pg_describe_object('pg_type'::regclass, t.oid, 0), v.property, v.value
FROM pg_type AS t
CROSS JOIN LATERAL (VALUES
	('owner, privileges', concat_ws(': ', t.typowner::regrole,
		pg_temp.privileges(coalesce(t.typacl, acldefault('T', t.typowner))))),
	('definition', (to_jsonb(t) - '{oid,typname,typnamespace,typowner,typacl,typrelid,typelem,typarray,typbasetype,typcollation,typdefaultbin}'::text[]
		|| jsonb_build_object('element', format_type(nullif(t.typelem, 0), NULL),
			'base', format_type(nullif(t.typbasetype, 0), t.typtypmod), 'collation', t.typcollation::regcollation,
			'labels', (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid)))::text))
	AS v (property, value)
WHERE t.oid IN (SELECT objid FROM member WHERE classid = 'pg_type'::regclass);

-- Of what is described above by nothing but being a member, changes would go unseen.
INSERT INTO property
SELECT pg_describe_object(classid, objid, 0), 'is of a kind that this query does not know: ' || classid::regclass, NULL
FROM member
WHERE classid NOT IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_namespace'::regclass, 'pg_cast'::regclass);

SELECT replace(concat_ws(' | ', object, property, value), E'\n', E'\\n') FROM property
WHERE value IS NOT NULL OR property ~ '^(is|dumps) '
ORDER BY object COLLATE "C", property COLLATE "C", value COLLATE "C";
