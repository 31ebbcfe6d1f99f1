/*-------------------------------------------------------------------------
 *
 * weights.c
 *	  How models that share a goal event share it (S20, S21).
 *
 * A model gives each touchpoint of a goal event a share, as a fraction of 1.
 * Shares are taken to twelve decimals, and from there on all is integers:
 * weights are whole millionths, parts of a value whole ten-thousandths; what
 * rounding down leaves over goes, one each, to where it took away most, and of
 * those where it took away the same, to the later one.  So the weights of a goal
 * event are 1 in sum, and the parts of a value are the value.
 *
 * Which touchpoints share depends on the window, so an outcome keeps all of them
 * ("touches"), in the order of S4: see PackedTouch.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "once.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(goaltracker_part);

/* In which shares are taken before they are rounded to weights. */
#define SHARE_UNITS INT64CONST(1000000000000)
#define UNITS_PER_MILLIONTH (SHARE_UNITS / WHOLE_WEIGHT)

/* ------------------------------------------------------------------------
 * Shares and weights
 * ------------------------------------------------------------------------
 */

static int64
linear_share(int n)
{
	return (SHARE_UNITS + n / 2) / n;
}

/* A fraction of 1 that need not be exact. */
static int64
share_of_fraction(double fraction)
{
	return (int64) floor(fraction * SHARE_UNITS + 0.5);
}

/*
 * Shares halve with each half-life between the goal and an assignment.  When the
 * goal was reached cancels out: counted from the latest assignment, which has 1,
 * the sum is at least 1, however long ago all of them are.
 */
static void
time_decay_shares(double half_life, const TimestampTz *assigned_at, int n, int64 *shares)
{
	double	   *decayed = palloc(n * sizeof(double));
	double		sum = 0;

	for (int i = 0; i < n; i++)
	{
		/* unsigned, because the whole range of timestamps may lie between them */
		double		younger = (double) ((uint64) assigned_at[n - 1] - (uint64) assigned_at[i]);

		decayed[i] = exp2(-(younger / half_life));
		sum += decayed[i];
	}
	for (int i = 0; i < n; i++)
		shares[i] = share_of_fraction(decayed[i] / sum);
	pfree(decayed);
}

/* The shares of two touchpoints, and of more: those between have the same. */
static void
position_shares(const PositionWeights *position, int n, int64 *shares)
{
	double		first = position->first;
	double		middle = position->middle;
	double		last = position->last;
	double		sum;

	if (n == 2)
	{
		/* where only those between would have any, half each */
		if (first + last <= 0)
			first = last = 1;
		middle = 0;
	}
	sum = first + middle + last;
	for (int i = 1; i < n - 1; i++)
		shares[i] = share_of_fraction(middle / sum / (n - 2));
	shares[0] = share_of_fraction(first / sum);
	shares[n - 1] = share_of_fraction(last / sum);
}

/* What rounding down took away from a share. */
typedef struct Remainder
{
	int64		remainder;
	int			no;				/* of the touchpoint */
} Remainder;

/* Where most was taken away first; of those with the same, the later. */
static int
by_remainder(const void *left, const void *right)
{
	const Remainder *a = left;
	const Remainder *b = right;

	if (a->remainder != b->remainder)
		return a->remainder < b->remainder ? 1 : -1;
	return a->no < b->no ? 1 : -1;
}

static void
round_shares(const int64 *shares, int n, int32 *weights)
{
	Remainder  *remainders = palloc(n * sizeof(Remainder));
	int64		missing = WHOLE_WEIGHT;

	for (int i = 0; i < n; i++)
	{
		weights[i] = (int32) (shares[i] / UNITS_PER_MILLIONTH);
		remainders[i].remainder = shares[i] % UNITS_PER_MILLIONTH;
		remainders[i].no = i;
		missing -= weights[i];
	}
	qsort(remainders, n, sizeof(Remainder), by_remainder);
	/* fewer than there are remainders */
	for (int i = 0; i < missing && i < n; i++)
		weights[remainders[i].no]++;
	pfree(remainders);
}

/*
 * The weights, in millionths, of n touchpoints in the order of S4, n at least 1,
 * assigned at these times.
 */
void
share_among(const SharingRules *rules, const TimestampTz *assigned_at, int n, int32 *weights)
{
	int64	   *shares;

	if (n == 1)
	{
		weights[0] = WHOLE_WEIGHT;
		return;
	}
	shares = palloc(n * sizeof(int64));
	switch (rules->model)
	{
		case MODEL_TIME_DECAY:
			time_decay_shares(rules->half_life, assigned_at, n, shares);
			break;
		case MODEL_POSITION_BASED:
			position_shares(&rules->position, n, shares);
			break;
		default:
			for (int i = 0; i < n; i++)
				shares[i] = linear_share(n);
			break;
	}
	round_shares(shares, n, weights);
	pfree(shares);
}

/* ------------------------------------------------------------------------
 * Parts of values
 * ------------------------------------------------------------------------
 */

/* numeric(20,4) has values that int64 has not, in ten-thousandths. */
#define VALUE_UNITS INT64CONST(10000)

/* With the four behind the point they fit in 128 bits. */
#define MAX_VALUE_DIGITS 34

/*
 * A value in ten-thousandths, of which those of the tables have no fraction.  Raises
 * numeric_value_out_of_range where it is far larger than any of theirs.
 */
static int128
units_of_value(Numeric value)
{
	char	   *digits;
	int128		units = 0;
	int64		number;
	int			groups;
	int			scale;
	int			decimals = -1;
	int			ndigits = 0;

	if (numeric_to_integer(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
						   &number, &groups, &scale) && groups <= 1)
		return groups == 1 ? (int128) number : (int128) number * VALUE_UNITS;

	digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value)));
	for (const char *at = digits; *at != '\0'; at++)
	{
		if (*at == '-')
			continue;
		if (*at == '.')
		{
			decimals = 0;
			continue;
		}
		if (*at < '0' || *at > '9' || decimals == 4)
			break;
		if (ndigits++ == MAX_VALUE_DIGITS)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("value of a goal event is out of range")));
		units = units * 10 + (*at - '0');
		if (decimals >= 0)
			decimals++;
	}
	for (decimals = Max(decimals, 0); decimals < 4; decimals++)
		units *= 10;
	return digits[0] == '-' ? -units : units;
}

static Numeric
value_of_units(int128 units)
{
	char		digits[64];
	int			at = lengthof(digits) - 1;
	uint128		left = units < 0 ? -(uint128) units : (uint128) units;

	if (units >= PG_INT64_MIN && units <= PG_INT64_MAX)
		return int64_div_fast_to_numeric((int64) units, 4);
	digits[at] = '\0';
	for (int i = 0; left > 0 || i <= 4; i++)
	{
		if (i == 4)
			digits[--at] = '.';
		digits[--at] = '0' + (int) (left % 10);
		left /= 10;
	}
	if (units < 0)
		digits[--at] = '-';
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(&digits[at]),
											   ObjectIdGetDatum(InvalidOid),
											   Int32GetDatum(-1)));
}

/*
 * The part of a value that goes to one of those who share it.  Rounding is as for
 * weights, by the amount; what it leaves over depends on the last six digits.
 */
static Numeric
part_of_value(Numeric value, const int32 *weights, int n, int no)
{
	int128		units = units_of_value(value);
	uint128		amount = units < 0 ? -(uint128) units : (uint128) units;
	int64		digits = (int64) (amount % WHOLE_WEIGHT);
	int64		own_left = digits * weights[no] % WHOLE_WEIGHT;
	uint128		part = amount / WHOLE_WEIGHT * weights[no] + digits * weights[no] / WHOLE_WEIGHT;
	int64		left = 0;
	int64		rank = 0;

	for (int i = 0; i < n; i++)
	{
		int64		others_left = digits * weights[i] % WHOLE_WEIGHT;

		left += others_left;
		if (others_left > own_left || (others_left == own_left && i > no))
			rank++;
	}
	if (rank < left / WHOLE_WEIGHT)
		part++;
	return value_of_units(units < 0 ? -(int128) part : (int128) part);
}

/* ------------------------------------------------------------------------
 * The touches of a goal event, packed
 * ------------------------------------------------------------------------
 */

/*
 * One of those among whom a goal event is shared: its key, when it was assigned,
 * and the smallest window that reaches it.  So packed they have no alignment.
 */
typedef struct PackedTouch
{
	char		segment_key[sizeof(int64)];
	char		assigned_at[sizeof(TimestampTz)];
	char		min_window;		/* 0 to 31 */
} PackedTouch;

static inline bool
is_shared_with(const Touchpoint *point)
{
	return point->is_kept && point->touch != NULL;
}

/*
 * The touches of the goal event at hand: all that are kept (S18), in the order of
 * S4, as a bytea; NULL where there are fewer than two, so nothing to share.
 */
struct varlena *
touches_pack(const Sweep *sweep)
{
	int			n = 0;
	struct varlena *packed;
	PackedTouch *at;

	for (int i = 0; i < sweep->ntouchpoints; i++)
		n += is_shared_with(&sweep->touchpoints[i]);
	if (n < 2)
		return NULL;
	packed = palloc(VARHDRSZ + n * sizeof(PackedTouch));
	SET_VARSIZE(packed, VARHDRSZ + n * sizeof(PackedTouch));
	at = (PackedTouch *) VARDATA(packed);
	for (int i = 0; i < sweep->ntouchpoints; i++)
	{
		const Touchpoint *point = &sweep->touchpoints[i];

		if (!is_shared_with(point))
			continue;
		memcpy(at->segment_key, &point->touch->entry->segment_key, sizeof(int64));
		memcpy(at->assigned_at, &point->touch->entry->assigned_at, sizeof(TimestampTz));
		at->min_window = (char) point->span.min_window;
		at++;
	}
	return packed;
}

/* ------------------------------------------------------------------------
 * What reports call
 * ------------------------------------------------------------------------
 */

/* Who shares a goal event under a window, and how: one value of touches, read. */
struct Sharing
{
	MemoryContext context;		/* of what follows, reset for each value */
	char	   *source;			/* the value as it came, or NULL: none yet */
	Size		source_size;
	int			window;
	SharingRules rules;
	int			n;
	int64	   *segment_keys;
	int32	   *weights;
};

/* In the current memory context, to be used for one value after the other. */
Sharing *
sharing_create(void)
{
	Sharing    *sharing = palloc0(sizeof(Sharing));

	sharing->context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker sharing",
											 ALLOCSET_SMALL_SIZES);
	return sharing;
}

static bool
same_rules(const SharingRules *a, const SharingRules *b)
{
	return a->model == b->model && a->half_life == b->half_life &&
		a->position.first == b->position.first &&
		a->position.middle == b->position.middle &&
		a->position.last == b->position.last;
}

static void
read_touches(Sharing *sharing, const struct varlena *touches)
{
	const PackedTouch *packed = (const PackedTouch *) VARDATA_ANY(touches);
	Size		n = VARSIZE_ANY_EXHDR(touches) / sizeof(PackedTouch);
	TimestampTz *assigned_at = palloc_extended(n * sizeof(TimestampTz), MCXT_ALLOC_HUGE);

	sharing->segment_keys = palloc_extended(n * sizeof(int64), MCXT_ALLOC_HUGE);
	sharing->weights = palloc_extended(n * sizeof(int32), MCXT_ALLOC_HUGE);
	sharing->n = 0;
	for (Size i = 0; i < n; i++)
	{
		if (packed[i].min_window > sharing->window)
			continue;
		memcpy(&sharing->segment_keys[sharing->n], packed[i].segment_key, sizeof(int64));
		memcpy(&assigned_at[sharing->n++], packed[i].assigned_at, sizeof(TimestampTz));
	}
	if (sharing->n > 0)
		share_among(&sharing->rules, assigned_at, sharing->n, sharing->weights);
}

/*
 * Reads touches, unless they are those read last: rows of a goal event that has very
 * many of them tend to follow each other.
 */
void
sharing_read(Sharing *sharing, Datum touches, const SharingRules *rules, int window)
{
	const char *source = DatumGetPointer(touches);
	Size		size = VARSIZE_ANY(source);
	MemoryContext old_context;

	if (sharing->source != NULL && sharing->source_size == size &&
		sharing->window == window && same_rules(&sharing->rules, rules) &&
		memcmp(sharing->source, source, size) == 0)
		return;
	sharing->source = NULL;
	MemoryContextReset(sharing->context);
	old_context = MemoryContextSwitchTo(sharing->context);
	sharing->window = window;
	sharing->rules = *rules;
	read_touches(sharing, PG_DETOAST_DATUM_PACKED(touches));
	sharing->source_size = size;
	sharing->source = palloc_extended(size, MCXT_ALLOC_HUGE);
	memcpy(sharing->source, source, size);
	MemoryContextSwitchTo(old_context);
}

/* The number of a segment among those who share; raises invalid_parameter_value if it is none. */
int
sharing_find(const Sharing *sharing, int64 segment_key)
{
	for (int i = 0; i < sharing->n; i++)
	{
		if (sharing->segment_keys[i] == segment_key)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("agent segment " INT64_FORMAT " is not among those who share its goal event",
					segment_key),
			 errhint("goaltracker.rebuild() writes touchpoints and outcomes anew.")));
}

int32
sharing_weight(const Sharing *sharing, int no)
{
	return sharing->weights[no];
}

Numeric
sharing_part(const Sharing *sharing, int no, Numeric value)
{
	return part_of_value(value, sharing->weights, sharing->n, no);
}

typedef struct PartCall
{
	TupleDesc	tupdesc;
	Sharing    *sharing;
} PartCall;

static PartCall *
part_call(FunctionCallInfo fcinfo, ReportCall *call)
{
	MemoryContext old_context;
	PartCall   *own = call->own;
	TupleDesc	tupdesc;

	if (own != NULL)
		return own;
	old_context = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	own = palloc(sizeof(PartCall));
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	own->tupdesc = BlessTupleDesc(CreateTupleDescCopy(tupdesc));
	own->sharing = sharing_create();
	call->own = own;
	MemoryContextSwitchTo(old_context);
	return own;
}

/*
 * _part(settings _account_settings[], account_id text, touches bytea, segment_key
 * bigint, lead_value numeric, transaction_value numeric) returns _part: what a
 * touchpoint in reach has of its goal event under the settings in force: its weight
 * in millionths, and its parts of the values, NULL where there is no value.
 * touches NULL: there is no other touchpoint; segment_key NULL: the row is
 * Unassigned; either has all.  NULL under a model that does not share.
 */
Datum
goaltracker_part(PG_FUNCTION_ARGS)
{
	ReportCall *call = report_call(fcinfo, 0);
	const AccountSettings *settings = call->settings;
	SharingRules rules = sharing_rules(settings, model_in_force(settings));
	PartCall   *own;
	int			no = -1;
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	if (!model_shares(rules.model))
		PG_RETURN_NULL();
	own = part_call(fcinfo, call);
	if (!PG_ARGISNULL(2) && !PG_ARGISNULL(3))
	{
		sharing_read(own->sharing, PG_GETARG_DATUM(2), &rules, window_in_force(settings));
		no = sharing_find(own->sharing, PG_GETARG_INT64(3));
	}
	values[0] = Int32GetDatum(no < 0 ? WHOLE_WEIGHT : sharing_weight(own->sharing, no));
	for (int i = 1; i < 3; i++)
	{
		int			arg = i + 3;

		nulls[i] = PG_ARGISNULL(arg);
		if (nulls[i] || no < 0)
			values[i] = PG_GETARG_DATUM(arg);
		else
			values[i] = NumericGetDatum(sharing_part(own->sharing, no, PG_GETARG_NUMERIC(arg)));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(own->tupdesc, values, nulls)));
}
