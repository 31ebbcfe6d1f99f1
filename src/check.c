/*-------------------------------------------------------------------------
 *
 * check.c
 *	  What the tables' constraints call.
 *
 * A check constraint can only say its own name.  The constraints of this
 * extension test first, in plain SQL, and where that fails call one of these,
 * which say what was refused and what is allowed.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"

#define MAX_DURATION_BOUNDS 100
#define MAX_DURATION_YEARS 1000

PG_FUNCTION_INFO_V1(goaltracker_refuse);
PG_FUNCTION_INFO_V1(goaltracker_refuse_id);
PG_FUNCTION_INFO_V1(goaltracker_is_time_zone);
PG_FUNCTION_INFO_V1(goaltracker_are_duration_bounds);
PG_FUNCTION_INFO_V1(goaltracker_are_position_weights);

/*
 * _refuse(column_name text, value text, allowed text): always raises
 * check_violation; never returns.
 */
Datum
goaltracker_refuse(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("invalid %s: \"%s\"",
					text_to_cstring(PG_GETARG_TEXT_PP(0)),
					text_to_cstring(PG_GETARG_TEXT_PP(1))),
			 errdetail("%s", text_to_cstring(PG_GETARG_TEXT_PP(2)))));
	PG_RETURN_NULL();
}

/* _refuse_id(column_name text, value text): likewise, for an id. */
Datum
goaltracker_refuse_id(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(1);
	int			len = VARSIZE_ANY_EXHDR(value);

	/* an id of a megabyte is better cut than printed */
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("invalid %s: \"%s\"",
					text_to_cstring(PG_GETARG_TEXT_PP(0)),
					text_to_cstring(DatumGetTextPP(DirectFunctionCall2(text_left,
																	   PointerGetDatum(value),
																	   Int32GetDatum(80))))),
			 errdetail("It has %d bytes; an id has 1 to 255.", len)));
	PG_RETURN_NULL();
}

/* Whether a file of the time zone database has this name, in whatever case. */
static bool
is_listed_time_zone(const char *name)
{
	pg_tzenum  *zones = pg_tzenumerate_start();
	bool		found = false;
	pg_tz	   *zone;

	while (!found && (zone = pg_tzenumerate_next(zones)) != NULL)
		found = pg_strcasecmp(pg_get_timezone_name(zone), name) == 0;
	pg_tzenumerate_end(zones);
	return found;
}

/*
 * _is_time_zone(name text): whether it is one of pg_timezone_names.  Besides
 * these PostgreSQL takes POSIX descriptions, among them typing errors with a
 * digit in them; since such a description always has digits, the slow search
 * through all files is for names with digits alone.
 */
Datum
goaltracker_is_time_zone(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	pg_tz	   *zone;

	if (strlen(name) > TZ_STRLEN_MAX)
		PG_RETURN_BOOL(false);
	zone = pg_tzset(name);
	if (zone == NULL || !pg_tz_acceptable(zone))
		PG_RETURN_BOOL(false);
	if (strpbrk(name, "0123456789") == NULL)
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(is_listed_time_zone(name));
}

/*
 * _are_duration_bounds(bounds interval[]): whether these are 1 to 100 positive
 * intervals of at most 1000 years in strictly rising order, none of them NULL
 * (S16).
 */
Datum
goaltracker_are_duration_bounds(PG_FUNCTION_ARGS)
{
	ArrayType  *bounds = PG_GETARG_ARRAYTYPE_P(0);
	Interval	zero = {0};
	Interval	longest = {.month = MAX_DURATION_YEARS * MONTHS_PER_YEAR};
	Datum		previous = IntervalPGetDatum(&zero);
	Datum	   *values;
	int			n;

	if (ARR_NDIM(bounds) != 1 || array_contains_nulls(bounds))
		PG_RETURN_BOOL(false);
	deconstruct_array(bounds, INTERVALOID, sizeof(Interval), false, TYPALIGN_DOUBLE,
					  &values, NULL, &n);
	if (n > MAX_DURATION_BOUNDS)
		PG_RETURN_BOOL(false);
	for (int i = 0; i < n; i++)
	{
		if (!DatumGetBool(DirectFunctionCall2(interval_gt, values[i], previous)) ||
			DatumGetBool(DirectFunctionCall2(interval_gt, values[i],
											 IntervalPGetDatum(&longest))))
			PG_RETURN_BOOL(false);
		previous = values[i];
	}
	PG_RETURN_BOOL(true);
}

/* Whether this can be one of three position weights. */
bool
is_position_weight(double weight)
{
	return weight == 0 || (weight >= 0.000001 && weight <= 1000000);
}

static bool
numeric_is_between(Datum value, Datum low, Datum high)
{
	return DatumGetBool(DirectFunctionCall2(numeric_ge, value, low)) &&
		DatumGetBool(DirectFunctionCall2(numeric_le, value, high));
}

/*
 * Whether these are three numbers as position_based takes them, in an array whose
 * subscripts begin with 1.  Numbers that no float8 holds never get that far.
 */
bool
are_position_weights(ArrayType *array)
{
	Datum		zero = NumericGetDatum(int64_to_numeric(0));
	Datum		smallest = NumericGetDatum(int64_div_fast_to_numeric(1, 6));
	Datum		largest = NumericGetDatum(int64_to_numeric(1000000));
	bool		any = false;
	Datum	   *values;
	int			n;

	if (ARR_NDIM(array) != 1 || ARR_LBOUND(array)[0] != 1 || array_contains_nulls(array))
		return false;
	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &values, NULL, &n);
	if (n != 3)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (DatumGetBool(DirectFunctionCall2(numeric_eq, values[i], zero)))
			continue;
		if (!numeric_is_between(values[i], smallest, largest))
			return false;
		any = true;
	}
	return any;
}

/*
 * _are_position_weights(weights numeric[]): whether these are three numbers, each 0
 * or from 0.000001 to 1000000, not all of them 0, none of them NULL (S20).
 */
Datum
goaltracker_are_position_weights(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(are_position_weights(PG_GETARG_ARRAYTYPE_P(0)));
}
