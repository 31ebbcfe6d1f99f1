/*-------------------------------------------------------------------------
 *
 * report.c
 *	  What report views call.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(goaltracker_credits);
PG_FUNCTION_INFO_V1(goaltracker_duration_bucket_label);

/* What a touchpoint carries under the settings in force; 0: it is in no report. */
#define IN_REPORTS 1
#define AGENT_CREDIT 2
#define SKILL_CREDIT 4
#define ACCOUNT_CREDIT 8
#define ALL_CREDITS (IN_REPORTS | AGENT_CREDIT | SKILL_CREDIT | ACCOUNT_CREDIT)

static AttributionModel
model_of_text(const text *model)
{
	/* a constraint of the account allows three, which differ in their first letter */
	switch (*VARDATA_ANY(model))
	{
		case 'f':
			return MODEL_FIRST;
		case 'a':
			return MODEL_ALL;
		default:
			return MODEL_LAST;
	}
}

/*
 * _credits(account_model text, account_window smallint, min_window, first_below,
 * last_below, agent_below, skill_below, brand_below smallint, segment_key bigint):
 * what a row of table touchpoint carries (see above) under the session's model
 * and window, else the account's, else the defaults (S1).  First and Last show
 * the one row they credit, with all credits; All shows every touchpoint in reach
 * (S7), but an Unassigned row only where there is none (S8).
 *
 * One call a row in place of several expressions over the settings: half the
 * time of a report under All.
 */
Datum
goaltracker_credits(PG_FUNCTION_ARGS)
{
	AttributionModel model = session_model_in_force();
	int			window = session_window_in_force();
	int			credits = IN_REPORTS;

	if (window < 0)
		window = PG_ARGISNULL(1) ? MAX_WINDOW : PG_GETARG_INT16(1);
	if (window < PG_GETARG_INT16(2))
		PG_RETURN_INT32(0);
	if (model == MODEL_OF_ACCOUNT)
		model = PG_ARGISNULL(0) ? MODEL_LAST : model_of_text(PG_GETARG_TEXT_PP(0));
	if (model == MODEL_FIRST)
		PG_RETURN_INT32(window < PG_GETARG_INT16(3) ? ALL_CREDITS : 0);
	if (model == MODEL_LAST)
		PG_RETURN_INT32(window < PG_GETARG_INT16(4) ? ALL_CREDITS : 0);

	if (window < PG_GETARG_INT16(5))
		credits |= AGENT_CREDIT;
	else if (PG_ARGISNULL(8))
		PG_RETURN_INT32(0);
	if (window < PG_GETARG_INT16(6))
		credits |= SKILL_CREDIT;
	if (window < PG_GETARG_INT16(7))
		credits |= ACCOUNT_CREDIT;
	PG_RETURN_INT32(credits);
}

/* A bound in the largest unit that leaves no fraction, else in seconds. */
static char *
bound_text(const Interval *bound)
{
	int64		usecs = bound->time +
		((int64) bound->day + (int64) bound->month * DAYS_PER_MONTH) * USECS_PER_DAY;

	if (usecs % USECS_PER_HOUR == 0)
		return psprintf(INT64_FORMAT " h", usecs / USECS_PER_HOUR);
	if (usecs % USECS_PER_MINUTE == 0)
		return psprintf(INT64_FORMAT " min", usecs / USECS_PER_MINUTE);
	if (usecs % USECS_PER_SEC == 0)
		return psprintf(INT64_FORMAT " s", usecs / USECS_PER_SEC);
	return psprintf(INT64_FORMAT ".%06d s", usecs / USECS_PER_SEC, (int) (usecs % USECS_PER_SEC));
}

/*
 * _duration_bucket_label(bucket_no integer, bounds interval[]): what a duration
 * bucket is called (S16), such as "5 min - 10 min"; NULL where there is no such
 * bucket.
 */
Datum
goaltracker_duration_bucket_label(PG_FUNCTION_ARGS)
{
	int32		bucket_no = PG_GETARG_INT32(0);
	Datum	   *bounds;
	int			n;
	char	   *label;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), INTERVALOID, sizeof(Interval), false,
					  TYPALIGN_DOUBLE, &bounds, NULL, &n);
	if (n == 0 || bucket_no < 0 || bucket_no > n)
		PG_RETURN_NULL();
	if (bucket_no == 0)
		label = psprintf("under %s", bound_text(DatumGetIntervalP(bounds[0])));
	else if (bucket_no == n)
		label = psprintf("%s and more", bound_text(DatumGetIntervalP(bounds[n - 1])));
	else
		label = psprintf("%s - %s", bound_text(DatumGetIntervalP(bounds[bucket_no - 1])),
						 bound_text(DatumGetIntervalP(bounds[bucket_no])));
	PG_RETURN_TEXT_P(cstring_to_text(label));
}
