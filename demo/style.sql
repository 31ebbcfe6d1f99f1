-- How the demo prints tables.
\pset linestyle unicode
\pset border 2
\pset footer off
\pset null ''
SET TimeZone = 'Europe/Berlin';
