/*-------------------------------------------------------------------------
 *
 * measures.c
 *	  Aggregate _measures: counts and values of goal events by duration bucket.
 *
 * Reports have a row for each duration bucket.  One state holds all buckets of
 * a group, so that a row of theirs is one call for four measures, and the
 * planner, who cannot know how many buckets the times assigned fall into, need
 * not guess.
 *
 * Values are added up as integers, in ten-thousandths, which is what
 * numeric(20,4) holds; any that does not fit is added up as a numeric.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "common/int.h"
#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "goaltracker.h"
#include "libpq/pqformat.h"
#include "once.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(goaltracker_measures_add);
PG_FUNCTION_INFO_V1(goaltracker_measures_add_part);
PG_FUNCTION_INFO_V1(goaltracker_measures_combine);
PG_FUNCTION_INFO_V1(goaltracker_measures_serialize);
PG_FUNCTION_INFO_V1(goaltracker_measures_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_measures_final);

/* An account has at most 100 bounds, and 6 unless it says otherwise. */
#define MAX_BUCKETS 101
#define USUAL_BUCKETS 7

/* Attributes of type _measure. */
#define MEASURE_ATTRIBUTES 5

#define TEN_THOUSANDTHS INT64CONST(10000)

/* The sum of some values: of those that fit, in ten-thousandths, and of the others. */
typedef struct Total
{
	int64		small;
	Numeric		large;			/* NULL if there are none */
} Total;

typedef struct Bucket
{
	int64		goals_reached;
	int64		conversions;	/* millionths */
	Total		lead_value;
	Total		transaction_value;
} Bucket;

/*
 * Buckets stand in one piece with their number: with very many groups, each
 * piece is a cache line that is not there.
 */
typedef struct Measures
{
	int			nbuckets;		/* numbers 0..nbuckets-1, of which some may be empty */
	Bucket		buckets[FLEXIBLE_ARRAY_MEMBER];
} Measures;

/* A part of a goal event may leave all of this as it is (S20). */
static bool
bucket_is_empty(const Bucket *bucket)
{
	return bucket->goals_reached == 0 && bucket->conversions == 0 &&
		bucket->lead_value.small == 0 && bucket->lead_value.large == NULL &&
		bucket->transaction_value.small == 0 && bucket->transaction_value.large == NULL;
}

/* A state that has the bucket of that number. */
static Measures *
measures_reserve(Measures *state, MemoryContext context, int bucket_no)
{
	Measures   *grown;
	int			nbuckets;

	if (bucket_no < 0 || bucket_no >= MAX_BUCKETS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid number of a duration bucket: %d", bucket_no)));
	if (state != NULL && bucket_no < state->nbuckets)
		return state;
	nbuckets = Max(bucket_no + 1, USUAL_BUCKETS);
	grown = MemoryContextAllocZero(context,
								   offsetof(Measures, buckets) + nbuckets * sizeof(Bucket));
	if (state != NULL)
	{
		memcpy(grown->buckets, state->buckets, state->nbuckets * sizeof(Bucket));
		pfree(state);
	}
	grown->nbuckets = nbuckets;
	return grown;
}

static void
total_add_large(Total *total, MemoryContext context, Numeric value)
{
	MemoryContext old_context = MemoryContextSwitchTo(context);
	Numeric		old = total->large;

	if (old == NULL)
		old = int64_to_numeric(0);
	total->large = add_numerics(old, value);
	pfree(old);
	MemoryContextSwitchTo(old_context);
}

static void
total_add_small(Total *total, MemoryContext context, int64 ten_thousandths)
{
	int64		sum;

	if (pg_add_s64_overflow(total->small, ten_thousandths, &sum))
		total_add_large(total, context, int64_div_fast_to_numeric(ten_thousandths, 4));
	else
		total->small = sum;
}

static void
total_add(Total *total, MemoryContext context, Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	int64		number;
	int			groups;
	int			scale;

	if (!numeric_to_integer(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
							&number, &groups, &scale) ||
		groups > 1 ||
		(groups == 0 && pg_mul_s64_overflow(number, TEN_THOUSANDTHS, &number)))
		total_add_large(total, context, DatumGetNumeric(PointerGetDatum(value)));
	else
		total_add_small(total, context, number);
}

static Numeric
total_numeric(const Total *total)
{
	Numeric		sum = int64_div_fast_to_numeric(total->small, 4);

	if (total->large == NULL)
		return sum;
	return add_numerics(sum, total->large);
}

static bool
total_is_zero(const Total *total)
{
	if (total->large == NULL)
		return total->small == 0;
	return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(total_numeric(total)),
											NumericGetDatum(int64_to_numeric(0))));
}

static void
total_combine(Total *total, MemoryContext context, const Total *other)
{
	total_add_small(total, context, other->small);
	if (other->large != NULL)
		total_add_large(total, context, other->large);
}

/*
 * goaltracker_measures_add(state internal, bucket_no integer, is_conversion
 * boolean, lead_value numeric, transaction_value numeric) returns internal
 *
 * Transition function: counts a goal event, a conversion or not, and adds up its
 * values, of which a NULL one adds nothing.
 */
Datum
goaltracker_measures_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Measures   *state = state_argument(fcinfo, 0);
	int			bucket_no = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);
	Bucket	   *bucket;

	state = measures_reserve(state, context, bucket_no);
	bucket = &state->buckets[bucket_no];
	bucket->goals_reached++;
	if (!PG_ARGISNULL(2) && PG_GETARG_BOOL(2))
		bucket->conversions += WHOLE_WEIGHT;
	if (!PG_ARGISNULL(3))
		total_add(&bucket->lead_value, context, PG_GETARG_DATUM(3));
	if (!PG_ARGISNULL(4))
		total_add(&bucket->transaction_value, context, PG_GETARG_DATUM(4));
	PG_RETURN_POINTER(state);
}

/*
 * Adds to a bucket of a state, NULL where there is none yet, what counts there: a goal
 * event or not, so many millionths of a conversion, and values that are not NULL.
 * Returns the state.
 */
void *
measures_add_values(void *state, MemoryContext context, int bucket_no, bool is_reached,
					int32 conversion, NullableDatum lead_value, NullableDatum transaction_value)
{
	Measures   *measures = measures_reserve(state, context, bucket_no);
	Bucket	   *bucket = &measures->buckets[bucket_no];

	bucket->goals_reached += is_reached;
	bucket->conversions += conversion;
	if (!lead_value.isnull)
		total_add(&bucket->lead_value, context, lead_value.value);
	if (!transaction_value.isnull)
		total_add(&bucket->transaction_value, context, transaction_value.value);
	return measures;
}

/*
 * goaltracker_measures_add_part(state internal, bucket_no integer, is_reached boolean,
 * conversion integer, lead_value numeric, transaction_value numeric) returns internal
 *
 * Transition function: adds a part of a goal event (S20), which counts here or not:
 * of a conversion so many millionths, and the parts of its values, of which a NULL
 * one adds nothing.
 */
Datum
goaltracker_measures_add_part(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);

	PG_RETURN_POINTER(measures_add_values(state_argument(fcinfo, 0), context,
										  PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1),
										  !PG_ARGISNULL(2) && PG_GETARG_BOOL(2),
										  PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3),
										  fcinfo->args[4], fcinfo->args[5]));
}

/*
 * goaltracker_measures_combine(state internal, other internal) returns internal
 *
 * Combine function: adds what another process has added up.
 */
Datum
goaltracker_measures_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Measures   *state = state_argument(fcinfo, 0);
	const Measures *other = state_argument(fcinfo, 1);

	if (other == NULL)
		return return_state(fcinfo, state);
	state = measures_reserve(state, context, other->nbuckets - 1);
	for (int i = 0; i < other->nbuckets; i++)
	{
		const Bucket *from = &other->buckets[i];
		Bucket	   *bucket;

		if (bucket_is_empty(from))
			continue;
		bucket = &state->buckets[i];
		bucket->goals_reached += from->goals_reached;
		bucket->conversions += from->conversions;
		total_combine(&bucket->lead_value, context, &from->lead_value);
		total_combine(&bucket->transaction_value, context, &from->transaction_value);
	}
	PG_RETURN_POINTER(state);
}

static void
send_total(StringInfo buf, const Total *total)
{
	pq_sendint64(buf, total->small);
	pq_sendbyte(buf, total->large != NULL);
	if (total->large != NULL)
	{
		bytea	   *sent = DatumGetByteaPP(DirectFunctionCall1(numeric_send,
															   NumericGetDatum(total->large)));

		pq_sendbytes(buf, VARDATA_ANY(sent), VARSIZE_ANY_EXHDR(sent));
	}
}

static void
receive_total(StringInfo buf, Total *total)
{
	total->small = pq_getmsgint64(buf);
	if (pq_getmsgbyte(buf) != 0)
		total->large = DatumGetNumeric(DirectFunctionCall3(numeric_recv, PointerGetDatum(buf),
														   ObjectIdGetDatum(InvalidOid),
														   Int32GetDatum(-1)));
}

/* goaltracker_measures_serialize(state internal) returns bytea */
Datum
goaltracker_measures_serialize(PG_FUNCTION_ARGS)
{
	const Measures *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	state = (const Measures *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buf);
	for (int i = 0; i < state->nbuckets; i++)
	{
		const Bucket *bucket = &state->buckets[i];

		if (bucket_is_empty(bucket))
			continue;
		pq_sendint32(&buf, i);
		pq_sendint64(&buf, bucket->goals_reached);
		pq_sendint64(&buf, bucket->conversions);
		send_total(&buf, &bucket->lead_value);
		send_total(&buf, &bucket->transaction_value);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * goaltracker_measures_deserialize(serialized bytea, unused internal) returns
 * internal
 *
 * Gives a state that can be combined into another one, in the current memory
 * context.  Raises protocol_violation if this is no serialized state.
 */
Datum
goaltracker_measures_deserialize(PG_FUNCTION_ARGS)
{
	Measures   *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	open_serialized(&buf, PG_GETARG_BYTEA_PP(0));
	state = measures_reserve(NULL, CurrentMemoryContext, 0);
	while (buf.cursor < buf.len)
	{
		int			bucket_no = pq_getmsgint(&buf, 4);
		Bucket	   *bucket;

		state = measures_reserve(state, CurrentMemoryContext, bucket_no);
		bucket = &state->buckets[bucket_no];
		bucket->goals_reached = pq_getmsgint64(&buf);
		bucket->conversions = pq_getmsgint64(&buf);
		receive_total(&buf, &bucket->lead_value);
		receive_total(&buf, &bucket->transaction_value);
	}
	PG_RETURN_POINTER(state);
}

/* Whether all of a bucket adds up to 0, as parts may. */
static bool
bucket_is_zero(const Bucket *bucket)
{
	return bucket->conversions == 0 && total_is_zero(&bucket->lead_value) &&
		total_is_zero(&bucket->transaction_value);
}

/* The element type of an array type, which is a row type. */
static TypeCacheEntry *
element_type(FunctionCallInfo fcinfo)
{
	TypeCacheEntry *type = fcinfo->flinfo->fn_extra;

	if (type == NULL)
	{
		type = lookup_type_cache(get_element_type(get_fn_expr_rettype(fcinfo->flinfo)),
								 TYPECACHE_TUPDESC);
		fcinfo->flinfo->fn_extra = type;
	}
	return type;
}

/*
 * goaltracker_measures_final(state internal) returns _measure[]
 *
 * A _measure for each bucket in which something is not 0, in order of their numbers;
 * NULL where there was no row at all.  Reads the state only.
 */
Datum
goaltracker_measures_final(PG_FUNCTION_ARGS)
{
	const Measures *state;
	TypeCacheEntry *type;
	Datum	   *rows;
	int			nrows = 0;

	(void) aggregate_context(fcinfo);
	state = state_argument(fcinfo, 0);
	if (state == NULL)
		PG_RETURN_NULL();
	type = element_type(fcinfo);
	rows = palloc(state->nbuckets * sizeof(Datum));
	for (int i = 0; i < state->nbuckets; i++)
	{
		const Bucket *bucket = &state->buckets[i];
		Datum		values[MEASURE_ATTRIBUTES];
		bool		nulls[MEASURE_ATTRIBUTES] = {false};

		if (bucket->goals_reached == 0 && bucket_is_zero(bucket))
			continue;
		values[0] = Int32GetDatum(i);
		values[1] = Int64GetDatum(bucket->goals_reached);
		values[2] = NumericGetDatum(int64_div_fast_to_numeric(bucket->conversions, 6));
		values[3] = NumericGetDatum(total_numeric(&bucket->lead_value));
		values[4] = NumericGetDatum(total_numeric(&bucket->transaction_value));
		rows[nrows++] = HeapTupleGetDatum(heap_form_tuple(type->tupDesc, values, nulls));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(rows, nrows, type->type_id, type->typlen,
										  type->typbyval, type->typalign));
}
