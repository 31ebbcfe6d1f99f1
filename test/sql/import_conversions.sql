-- What the importers make of single values of a document: a value, nothing (null),
-- or something that cannot be used (null, and a fault that says why).
SET timezone = 'UTC';
SET datestyle = 'ISO';

CREATE VIEW value AS
SELECT n, jsonb_build_object('v', v) AS part
FROM unnest(ARRAY[
	'"text"', '17', '"17"', '-17.5', '" 17 "', '"+1e3"', '1472481024565', '"1472481024565"', '1472481024565.4321',
	-- nothing
	'null', '""', '"undefined"', '"null"', '-1', '"-1"', '-1.0', '[]', '{}',
	-- in Avro's wrapping
	'{"string": "x"}', '{"long": 5}', '{"double": 2.5}', '{"string": null}', '{"string": "undefined"}',
	-- neither text nor number
	'true', '[1]', '{"a": 1}', '{"string": "x", "long": 5}',
	-- what looks like a number but is none, or none that fits
	'"1,5"', '"0x10"', '"NaN"', '"Infinity"', '"."', '"1e"', '"1e999"', '"1e9999"', '1e400',
	'"9999999999999999.99994"', '"9999999999999999.99995"', '-9999999999999999.99994', '0.00005', '0.00004',
	'9007199254740991', '9224318016000000', '-210863520000000', '-210863520000001', '9223372036854775807'
]::jsonb[]) WITH ORDINALITY AS v (v, n);

SELECT left((part -> 'v')::text, 30) AS value,
	goaltracker._json_text(part, 'v') IS NOT NULL AS is_text, left(goaltracker._json_id(part, 'v'), 20) AS id,
	goaltracker._json_time(part, 'v') AS time, goaltracker._json_amount(part, 'v') AS amount,
	goaltracker._json_integer(part, 'v') AS integer
FROM value
ORDER BY n;

SELECT left((part -> 'v')::text, 30) AS value,
	goaltracker._json_fault(part, '{v}', '{}', '{}') IS NOT NULL AS no_id,
	goaltracker._json_fault(part, '{}', '{v}', '{}') IS NOT NULL AS no_time,
	goaltracker._json_fault(part, '{}', '{}', '{v}') IS NOT NULL AS no_amount
FROM value
ORDER BY n;

-- An id has up to 255 bytes, which is not characters.
SELECT id, octet_length(goaltracker._json_id(part, 'v')) AS bytes, goaltracker._json_fault(part, '{v}', '{}', '{}') AS fault
FROM (VALUES ('255 bytes', repeat('x', 255)), ('256 bytes', repeat('x', 256)), ('254 bytes', repeat('é', 127)), ('two more', repeat('é', 128)))
	AS v (id, text)
CROSS JOIN LATERAL (SELECT jsonb_build_object('v', text) AS part) AS p;

-- "Unassigned" is a text and no name.
SELECT goaltracker._json_text('{"v": "Unassigned"}', 'v'), goaltracker._json_name('{"v": "Unassigned"}', 'v'),
	goaltracker._json_name('{"v": "Someone"}', 'v');

-- Lists; what is asked of something that is no object is nothing.
SELECT part, goaltracker._json_list(part, 'v') AS list, goaltracker._json_text(part, 'v') AS text,
	goaltracker._json_fault(part, '{v}', '{v}', '{v}') AS fault
FROM unnest(ARRAY['{"v": [1, {"a": 2}]}', '{"v": {"array": [3]}}', '{"v": {"a": 4}}', '{"v": "x"}', '{"v": null}', '{}',
	'[]', '["v"]', '"v"', '5', 'null', '[{"v": 1}]']::jsonb[]) AS part;

-- Records within the text of a document that jsonb need not take.
SELECT document, goaltracker._split_records(document, 'records') AS records
FROM unnest(ARRAY['[]', ' [ ] ', '[1]', E'\t[ 1 ,\n"a, ]\\" [", [2, [3]], {"x": "}"} , null ]\n', '{"records": [1, 2]}',
	'{"a": {"records": [0]}, "records" : [ {"b": "\u0000"} , 2 ] , "c": "records"}', '{"records": [1], "records": [2]}',
	'{"records": 5}', '{"records": null, "x": [1]}', '{}', '{"x": [1]}', '"text"', '17']) AS document;

DROP VIEW value;
