/*-------------------------------------------------------------------------
 *
 * report.c
 *	  What report views call for each row.
 *
 * The settings of all accounts come as one value, which the views read once a
 * query: a join would cost each row more than these functions do.  What is
 * worked out from the value is kept for the query's rows.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(goaltracker_credits);
PG_FUNCTION_INFO_V1(goaltracker_window);
PG_FUNCTION_INFO_V1(goaltracker_any_shares);
PG_FUNCTION_INFO_V1(goaltracker_default_currency);
PG_FUNCTION_INFO_V1(goaltracker_duration_bucket_no);
PG_FUNCTION_INFO_V1(goaltracker_duration_bucket);

/* What a touchpoint carries under the settings in force; 0: it is in no report. */
#define IN_REPORTS 1
#define AGENT_CREDIT 2
#define SKILL_CREDIT 4
#define ACCOUNT_CREDIT 8
#define ALL_CREDITS (IN_REPORTS | AGENT_CREDIT | SKILL_CREDIT | ACCOUNT_CREDIT)

/*
 * Under a model that shares the same stand four bits higher: such a row carries a part,
 * which is worked out apart (S20); see _part().
 */
#define SHARED_SHIFT 4

/* ------------------------------------------------------------------------
 * Settings of accounts
 * ------------------------------------------------------------------------
 */

/* Attributes of type _account_settings. */
#define SETTINGS_ATTRIBUTES 7

struct AccountSettings
{
	const text *account_id;		/* NULL in the settings of accounts without a row */
	AttributionModel model;
	int			window;
	text	   *currency;
	int			nbounds;
	int64	   *bounds;			/* lower bounds of duration buckets 1.., microseconds */
	text	  **labels;			/* of buckets 0..nbounds; NULL: not yet asked for */
	Interval   *half_life;		/* of time_decay; NULL: the default */
	ArrayType  *position;		/* weights of position_based; NULL: the defaults */
};

/* The settings that a call site has read, for as long as its query runs. */
typedef struct SettingsCache
{
	ReportCall	call;			/* must be first */
	const void *source;			/* the value they were read from */
	int			naccounts;
	AccountSettings *accounts;	/* in order of account_id */
	AccountSettings defaults;
	const AccountSettings *last;	/* found last: accounts tend to repeat */
} SettingsCache;

static AttributionModel
model_of_text(const text *name)
{
	AttributionModel model;

	if (!model_of_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &model))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid attribution model of an account: \"%s\"",
						text_to_cstring(name))));
	return model;
}

/* How long an interval is, as comparisons take it; the longest are alike. */
static int64
interval_usecs(const Interval *interval)
{
	int64		days = (int64) interval->day + (int64) interval->month * DAYS_PER_MONTH;
	int64		usecs;

	if (pg_mul_s64_overflow(days, USECS_PER_DAY, &usecs) ||
		pg_add_s64_overflow(usecs, interval->time, &usecs))
		return days < 0 ? PG_INT64_MIN : PG_INT64_MAX;
	return usecs;
}

/* A half-life in microseconds; raises invalid_parameter_value. */
double
half_life_of_interval(const Interval *interval)
{
	int64		usecs = interval_usecs(interval);

	if (usecs <= 0 || usecs > MAX_HALF_LIFE * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid half-life: %s",
						DatumGetCString(DirectFunctionCall1(interval_out,
															IntervalPGetDatum(interval)))),
				 errdetail("Allowed is more than 0, up to %d days.", MAX_HALF_LIFE)));
	return (double) usecs;
}

/* Position weights out of an array; raises invalid_parameter_value. */
PositionWeights
position_of_array(ArrayType *array)
{
	PositionWeights position;
	Datum	   *weights;
	int			n;

	if (!are_position_weights(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid position weights: %s",
						OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array))),
				 errdetail("%s", POSITION_WEIGHTS_ALLOWED)));
	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &weights, NULL, &n);
	position.first = DatumGetFloat8(DirectFunctionCall1(numeric_float8, weights[0]));
	position.middle = DatumGetFloat8(DirectFunctionCall1(numeric_float8, weights[1]));
	position.last = DatumGetFloat8(DirectFunctionCall1(numeric_float8, weights[2]));
	return position;
}

/* A bound in the largest unit that leaves no fraction, else in seconds. */
static char *
bound_text(int64 usecs)
{
	if (usecs % USECS_PER_HOUR == 0)
		return psprintf(INT64_FORMAT " h", usecs / USECS_PER_HOUR);
	if (usecs % USECS_PER_MINUTE == 0)
		return psprintf(INT64_FORMAT " min", usecs / USECS_PER_MINUTE);
	if (usecs % USECS_PER_SEC == 0)
		return psprintf(INT64_FORMAT " s", usecs / USECS_PER_SEC);
	return psprintf(INT64_FORMAT ".%06d s", usecs / USECS_PER_SEC, (int) (usecs % USECS_PER_SEC));
}

static text *
bucket_label(const AccountSettings *settings, int bucket_no)
{
	const int64 *bounds = settings->bounds;
	char	   *label;

	if (bucket_no == 0)
		label = psprintf("under %s", bound_text(bounds[0]));
	else if (bucket_no == settings->nbounds)
		label = psprintf("%s and more", bound_text(bounds[bucket_no - 1]));
	else
		label = psprintf("%s - %s", bound_text(bounds[bucket_no - 1]),
						 bound_text(bounds[bucket_no]));
	return cstring_to_text(label);
}

/* Takes over the bounds, of which there is at least one. */
static void
set_bounds(AccountSettings *settings, int64 *bounds, int nbounds)
{
	settings->bounds = bounds;
	settings->nbounds = nbounds;
	settings->labels = palloc0((nbounds + 1) * sizeof(text *));
}

/* What holds for an account without a row (interface of table account). */
static void
set_defaults(AccountSettings *settings)
{
	static const int minutes[] = {5, 10, 30, 60, 180, 24 * 60};
	int64	   *bounds = palloc(lengthof(minutes) * sizeof(int64));

	for (int i = 0; i < (int) lengthof(minutes); i++)
		bounds[i] = minutes[i] * USECS_PER_MINUTE;
	settings->account_id = NULL;
	settings->model = MODEL_LAST;
	settings->window = MAX_WINDOW;
	settings->currency = cstring_to_text("USD");
	set_bounds(settings, bounds, lengthof(minutes));
}

static void
read_account(AccountSettings *settings, TupleDesc tupdesc, HeapTupleHeader row)
{
	HeapTupleData tuple;
	Datum		values[SETTINGS_ATTRIBUTES];
	bool		nulls[SETTINGS_ATTRIBUTES];
	Datum	   *intervals;
	int			nbounds;
	int64	   *bounds;

	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	heap_deform_tuple(&tuple, tupdesc, values, nulls);
	for (int i = 0; i < SETTINGS_ATTRIBUTES; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("settings of an account must not be null")));
	}

	settings->account_id = DatumGetTextPCopy(values[0]);
	settings->model = model_of_text(DatumGetTextPP(values[1]));
	settings->window = DatumGetInt16(values[2]);
	settings->currency = DatumGetTextPCopy(values[3]);
	deconstruct_array(DatumGetArrayTypeP(values[4]), INTERVALOID, sizeof(Interval), false,
					  TYPALIGN_DOUBLE, &intervals, NULL, &nbounds);
	if (nbounds == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("duration bounds of an account must not be empty")));
	bounds = palloc(nbounds * sizeof(int64));
	for (int i = 0; i < nbounds; i++)
		bounds[i] = interval_usecs(DatumGetIntervalP(intervals[i]));
	set_bounds(settings, bounds, nbounds);
	settings->half_life = palloc(sizeof(Interval));
	memcpy(settings->half_life, DatumGetIntervalP(values[5]), sizeof(Interval));
	settings->position = DatumGetArrayTypePCopy(values[6]);
}

static int
by_account_id(const void *left, const void *right)
{
	return text_order(((const AccountSettings *) left)->account_id,
					  ((const AccountSettings *) right)->account_id);
}

static void
read_accounts(SettingsCache *cache, ArrayType *array)
{
	TypeCacheEntry *type = lookup_type_cache(ARR_ELEMTYPE(array), TYPECACHE_TUPDESC);
	Datum	   *rows;

	deconstruct_array(array, type->type_id, type->typlen, type->typbyval, type->typalign,
					  &rows, NULL, &cache->naccounts);
	cache->accounts = palloc0(cache->naccounts * sizeof(AccountSettings));
	for (int i = 0; i < cache->naccounts; i++)
		read_account(&cache->accounts[i], type->tupDesc, DatumGetHeapTupleHeader(rows[i]));
	qsort(cache->accounts, cache->naccounts, sizeof(AccountSettings), by_account_id);
}

/*
 * The settings of the calling row's account.  The first argument is the settings of all
 * accounts (_account_settings[]; NULL: there is none), which a query does not
 * change; the one behind it the account_id.  fn_extra is taken.
 */
static const AccountSettings *
settings_of_args(FunctionCallInfo fcinfo, int first_arg)
{
	SettingsCache *cache = fcinfo->flinfo->fn_extra;
	const void *source = PG_ARGISNULL(first_arg) ? NULL
		: DatumGetPointer(PG_GETARG_DATUM(first_arg));
	AccountSettings wanted;

	if (cache == NULL || cache->source != source)
	{
		MemoryContext old_context = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		cache = palloc0(sizeof(SettingsCache));
		set_defaults(&cache->defaults);
		if (source != NULL)
			read_accounts(cache, PG_GETARG_ARRAYTYPE_P(first_arg));
		cache->last = &cache->defaults;
		cache->source = source;
		fcinfo->flinfo->fn_extra = cache;
		MemoryContextSwitchTo(old_context);
	}

	if (PG_ARGISNULL(first_arg + 1))
		return &cache->defaults;
	wanted.account_id = PG_GETARG_TEXT_PP(first_arg + 1);
	if (cache->last->account_id != NULL && text_same(wanted.account_id, cache->last->account_id))
		return cache->last;
	cache->last = NULL;
	if (cache->naccounts > 0)
		cache->last = bsearch(&wanted, cache->accounts, cache->naccounts,
							  sizeof(AccountSettings), by_account_id);
	if (cache->last == NULL)
		cache->last = &cache->defaults;
	return cache->last;
}

static inline const AccountSettings *
settings_of_account(FunctionCallInfo fcinfo)
{
	return settings_of_args(fcinfo, 0);
}

/* The same for functions that keep something of their own; see settings_of_args(). */
ReportCall *
report_call(FunctionCallInfo fcinfo, int first_arg)
{
	const AccountSettings *settings = settings_of_args(fcinfo, first_arg);
	SettingsCache *cache = fcinfo->flinfo->fn_extra;

	cache->call.settings = settings;
	return &cache->call;
}

/* The session's model, else the account's (S1). */
AttributionModel
model_in_force(const AccountSettings *settings)
{
	AttributionModel model = session_model_in_force();

	return model == MODEL_OF_ACCOUNT ? settings->model : model;
}

/* The session's window, else the account's. */
int
window_in_force(const AccountSettings *settings)
{
	int			window = session_window_in_force();

	return window < 0 ? settings->window : window;
}

/* What a model that shares goes by: the session's settings, else the account's. */
SharingRules
sharing_rules(const AccountSettings *settings, AttributionModel model)
{
	SharingRules rules = {.model = model};
	const PositionWeights *position = session_position_weights_in_force();

	rules.half_life = session_half_life_in_force();
	if (model == MODEL_TIME_DECAY && rules.half_life <= 0)
		rules.half_life = settings->half_life == NULL ? DEFAULT_HALF_LIFE
			: half_life_of_interval(settings->half_life);
	if (position != NULL)
		rules.position = *position;
	else if (model == MODEL_POSITION_BASED)
		rules.position = settings->position == NULL ? default_position_weights
			: position_of_array(settings->position);
	return rules;
}

/* ------------------------------------------------------------------------
 * What depends on an account's settings
 * ------------------------------------------------------------------------
 */

/* The span of a model that credits one touchpoint of a goal event. */
SpanPlace
span_of_model(AttributionModel model)
{
	switch (model)
	{
		case MODEL_FIRST:
			return SPAN_FIRST;
		case MODEL_FIRST_HUMAN:
			return SPAN_FIRST_HUMAN;
		case MODEL_LAST_HUMAN:
			return SPAN_LAST_HUMAN;
		default:
			return SPAN_LAST;
	}
}

/*
 * _credits(settings _account_settings[], account_id text, user_type "char", spans
 * bigint, shares_planned boolean): what a row of table touchpoint carries (see above) under the session's
 * model and window, else the account's (S1).  First and Last, of humans or not, show
 * the one row they credit, with all credits; All, and models that share as All
 * credits, show every touchpoint in reach (S7, S20), but an Unassigned row only where
 * there is none (S8).  Raises t_r_serialization_failure where a model shares and the plan
 * leaves parts out (see shares.c).
 *
 * One call a row in place of several expressions over the settings: half the
 * time of a report under All.
 */
Datum
goaltracker_credits(PG_FUNCTION_ARGS)
{
	const AccountSettings *settings = settings_of_account(fcinfo);
	AttributionModel model = model_in_force(settings);
	int			window = window_in_force(settings);
	int64		spans = PG_GETARG_INT64(3);
	int			credits = IN_REPORTS;

	if (window < spans_get(spans, SPAN_MIN_WINDOW))
		PG_RETURN_INT32(0);
	if (model != MODEL_ALL && !model_shares(model))
		PG_RETURN_INT32(window < spans_get(spans, span_of_model(model)) ? ALL_CREDITS : 0);

	if (window < spans_get(spans, SPAN_AGENT))
		credits |= AGENT_CREDIT;
	else if (PG_GETARG_CHAR(2) == USER_UNASSIGNED)
		PG_RETURN_INT32(0);
	if (window < spans_get(spans, SPAN_SKILL))
		credits |= SKILL_CREDIT;
	if (window < spans_get(spans, SPAN_BRAND))
		credits |= ACCOUNT_CREDIT;
	if (model == MODEL_ALL)
		PG_RETURN_INT32(credits);
	if (!PG_GETARG_BOOL(4))
		refuse_plan();
	PG_RETURN_INT32(credits << SHARED_SHIFT);
}

/*
 * _any_shares(settings _account_settings[]) returns boolean: whether an account's
 * rows may carry parts under the settings in force.  What works out parts asks it
 * first.
 */
Datum
goaltracker_any_shares(PG_FUNCTION_ARGS)
{
	AttributionModel model = session_model_in_force();
	SettingsCache cache;

	if (model != MODEL_OF_ACCOUNT)
		PG_RETURN_BOOL(model_shares(model));
	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	memset(&cache, 0, sizeof(cache));
	read_accounts(&cache, PG_GETARG_ARRAYTYPE_P(0));
	for (int i = 0; i < cache.naccounts; i++)
	{
		if (model_shares(cache.accounts[i].model))
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}

/*
 * _window(settings _account_settings[], account_id text) returns smallint: the
 * contribution window in force in days: the session's, else the account's (S1).
 */
Datum
goaltracker_window(PG_FUNCTION_ARGS)
{
	const AccountSettings *settings = settings_of_account(fcinfo);
	int			window = session_window_in_force();

	PG_RETURN_INT16(window < 0 ? settings->window : window);
}

/*
 * _default_currency(settings _account_settings[], account_id text) returns text:
 * the currency of an account's values that name none (S12).
 */
Datum
goaltracker_default_currency(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(settings_of_account(fcinfo)->currency);
}

/* Microseconds that an agent was assigned, never below zero (S13). */
int64
assigned_usecs(TimestampTz assigned_at, TimestampTz assigned_until)
{
	int64		usecs;

	if (assigned_until <= assigned_at)
		return 0;
	if (pg_sub_s64_overflow(assigned_until, assigned_at, &usecs))
		return PG_INT64_MAX;
	return usecs;
}

/*
 * _duration_bucket_no(settings _account_settings[], account_id text, assigned_at
 * timestamptz, assigned_until timestamptz) returns integer: number of the bucket
 * that the time assigned falls into (S16).  assigned_until NULL: still assigned,
 * so until now; assigned_at NULL: never was, bucket 0.
 */
Datum
goaltracker_duration_bucket_no(PG_FUNCTION_ARGS)
{
	const AccountSettings *settings = settings_of_account(fcinfo);
	int64		usecs;
	int			bucket_no = 0;

	if (PG_ARGISNULL(2))
		PG_RETURN_INT32(0);
	usecs = assigned_usecs(PG_GETARG_TIMESTAMPTZ(2),
						   PG_ARGISNULL(3) ? GetCurrentTransactionStartTimestamp()
						   : PG_GETARG_TIMESTAMPTZ(3));
	while (bucket_no < settings->nbounds && usecs >= settings->bounds[bucket_no])
		bucket_no++;
	PG_RETURN_INT32(bucket_no);
}

/*
 * _duration_bucket(settings _account_settings[], account_id text, bucket_no
 * integer) returns text: what a duration bucket is called (S16), such as
 * "5 min - 10 min"; NULL where there is no such bucket.
 */
Datum
goaltracker_duration_bucket(PG_FUNCTION_ARGS)
{
	const AccountSettings *settings = settings_of_account(fcinfo);
	int32		bucket_no = PG_ARGISNULL(2) ? -1 : PG_GETARG_INT32(2);

	if (bucket_no < 0 || bucket_no > settings->nbounds)
		PG_RETURN_NULL();
	if (settings->labels[bucket_no] == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		settings->labels[bucket_no] = bucket_label(settings, bucket_no);
		MemoryContextSwitchTo(old_context);
	}
	PG_RETURN_TEXT_P(settings->labels[bucket_no]);
}
