-- The report under the model in force, for the table that report.sql prints.
INSERT INTO comparison
SELECT current_setting('goaltracker.attribution_model'), 'skill', skill, currency,
	sum(conversions), sum(transaction_value)
FROM goaltracker.conversions_by_skill
GROUP BY skill, currency;

INSERT INTO comparison
SELECT current_setting('goaltracker.attribution_model'), 'agent', agent, currency,
	sum(conversions), sum(transaction_value)
FROM goaltracker.conversions_by_agent
GROUP BY agent, currency;

INSERT INTO comparison
SELECT current_setting('goaltracker.attribution_model'), 'brand', 'The shop', currency,
	sum(conversions), sum(transaction_value)
FROM goaltracker.conversions_by_account
GROUP BY currency;
