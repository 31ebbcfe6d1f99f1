/*-------------------------------------------------------------------------
 *
 * data_driven.c
 *	  What the data-driven models share: names, counts, shares, rows out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "compat.h"
#include "data_driven.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#define INITIAL_NAMES	32

/* Two slots a name, and slots are numbered by 32 bits. */
#define MAX_NAMES		(1 << 24)

/* The largest sum of absolute amounts that are divided, in units of their last decimal. */
#define MAX_UNITS		4e18

/* ------------------------------------------------------------------------
 * Names
 * ------------------------------------------------------------------------
 */

/* Makes an empty table; everything of it is in the context. */
void
names_init(NameTable *table, MemoryContext context)
{
	table->context = context;
	table->nnames = 0;
	table->capacity = INITIAL_NAMES;
	table->names = MemoryContextAlloc(context, INITIAL_NAMES * sizeof(KnownName));
	table->nslots = 2 * INITIAL_NAMES;
	table->slots = MemoryContextAllocZero(context, table->nslots * sizeof(uint32));
}

static void
names_grow(NameTable *table)
{
	if (table->capacity >= MAX_NAMES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many distinct names in one group"),
				 errdetail("The limit is %d.", MAX_NAMES)));
	table->capacity *= 2;
	table->names = repalloc_huge(table->names, table->capacity * sizeof(KnownName));
	pfree(table->slots);
	table->nslots = 2 * table->capacity;
	table->slots = MemoryContextAllocExtended(table->context, table->nslots * sizeof(uint32),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < table->nnames; i++)
	{
		uint32		slot = table->names[i].hash & (table->nslots - 1);

		while (table->slots[slot] != 0)
			slot = (slot + 1) & (table->nslots - 1);
		table->slots[slot] = i + 1;
	}
}

/* The number of a name, which gets the next one if it is new. */
uint32
names_enter(NameTable *table, const char *data, int len)
{
	uint32		hash = hash_bytes((const unsigned char *) data, len);
	uint32		slot = hash & (table->nslots - 1);
	KnownName  *name;
	char	   *copy;

	while (table->slots[slot] != 0)
	{
		name = &table->names[table->slots[slot] - 1];
		if (name->hash == hash && name->len == len && memcmp(name->data, data, len) == 0)
			return table->slots[slot] - 1;
		slot = (slot + 1) & (table->nslots - 1);
	}
	if (table->nnames == table->capacity)
	{
		names_grow(table);
		slot = hash & (table->nslots - 1);
		while (table->slots[slot] != 0)
			slot = (slot + 1) & (table->nslots - 1);
	}
	copy = MemoryContextAlloc(table->context, len);
	memcpy(copy, data, len);
	name = &table->names[table->nnames];
	name->hash = hash;
	name->len = len;
	name->data = copy;
	table->slots[slot] = ++table->nnames;
	return table->nnames - 1;
}

static void
list_reserve(NumberList *list, MemoryContext context, int n)
{
	if (n <= list->capacity)
		return;
	if (list->numbers != NULL)
		pfree(list->numbers);
	list->numbers = NULL;
	list->capacity = Max(n, 2 * list->capacity);
	list->numbers = MemoryContextAllocHuge(context, list->capacity * sizeof(uint32));
}

/* As ARR_DATA_PTR, without mixing signs. */
static const char *
first_element(const ArrayType *array)
{
	Size		offset = ARR_HASNULL(array) ? (Size) array->dataoffset
		: ARR_OVERHEAD_NONULLS(ARR_NDIM(array));

	return (const char *) array + offset;
}

/*
 * The numbers of the names in an array of text, in its order.  what: what the array is
 * called in messages.  Raises errors for an array that is empty or has more than one
 * dimension, and for elements that are NULL, empty or too long.
 */
void
names_of_array(NameTable *table, ArrayType *array, const char *what, NumberList *list)
{
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const char *element = first_element(array);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must have one dimension, not %d", what, ARR_NDIM(array))));
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", what),
				 errhint("Leave out journeys that nobody took part in.")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not contain nulls", what)));

	list_reserve(list, table->context, n);
	list->n = n;
	for (int i = 0; i < n; i++)
	{
		int			len = VARSIZE_ANY_EXHDR(element);
		const char *data = VARDATA_ANY(element);

		if (len == 0 || len > MAX_NAME_BYTES)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("element %d of %s has %d bytes", i + 1, what, len),
					 errdetail("Allowed are 1 to %d.", MAX_NAME_BYTES)));
		list->numbers[i] = names_enter(table, data, len);
		element += VARSIZE_ANY(element);
		element = (const char *) att_align_nominal(element, TYPALIGN_INT);
	}
}

static int
by_name(const void *left, const void *right, void *table)
{
	const KnownName *names = ((const NameTable *) table)->names;
	const KnownName *a = &names[*(const uint32 *) left];
	const KnownName *b = &names[*(const uint32 *) right];
	int			order = memcmp(a->data, b->data, Min(a->len, b->len));

	return order != 0 ? order : a->len - b->len;
}

/* The numbers of all names, in order of the names' bytes. */
uint32 *
names_in_order(const NameTable *table)
{
	uint32	   *order = palloc_extended(Max(table->nnames, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);

	for (uint32 i = 0; i < table->nnames; i++)
		order[i] = i;
	qsort_arg(order, table->nnames, sizeof(uint32), by_name, unconstify(NameTable *, table));
	return order;
}

void
names_send(StringInfo buf, const NameTable *table)
{
	pq_sendint32(buf, table->nnames);
	for (uint32 i = 0; i < table->nnames; i++)
	{
		pq_sendint32(buf, table->names[i].len);
		pq_sendbytes(buf, table->names[i].data, table->names[i].len);
	}
}

/* Takes in what names_send() has sent, into an empty table. */
void
names_receive(StringInfo buf, NameTable *table)
{
	uint32		n = pq_getmsgint(buf, 4);

	for (uint32 i = 0; i < n; i++)
	{
		int			len = pq_getmsgint(buf, 4);

		CHECK_FOR_INTERRUPTS();
		if (len < 1 || len > MAX_NAME_BYTES ||
			names_enter(table, pq_getmsgbytes(buf, len), len) != i)
			invalid_state();
	}
}

/* Enters the names of another table; their numbers here, by their numbers there. */
uint32 *
names_merge(NameTable *table, const NameTable *other)
{
	uint32	   *numbers = palloc_extended(Max(other->nnames, 1) * sizeof(uint32),
										  MCXT_ALLOC_HUGE);

	for (uint32 i = 0; i < other->nnames; i++)
		numbers[i] = names_enter(table, other->names[i].data, other->names[i].len);
	return numbers;
}

/* ------------------------------------------------------------------------
 * Counts
 * ------------------------------------------------------------------------
 */

/* A count that is given as an argument; NULL is none, a negative one is an error. */
int64
count_argument(FunctionCallInfo fcinfo, int n, const char *what)
{
	int64		count = PG_ARGISNULL(n) ? 0 : PG_GETARG_INT64(n);

	if (count < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative: %lld", what, (long long) count)));
	return count;
}

void
count_add(int64 *sum, int64 count)
{
	if (pg_add_s64_overflow(*sum, count, sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of journeys is out of range")));
}

/* A count out of a serialized state. */
int64
count_receive(StringInfo buf)
{
	int64		count = pq_getmsgint64(buf);

	if (count < 0)
		invalid_state();
	return count;
}

/* Raises ERRCODE_INVALID_BINARY_REPRESENTATION. */
void
invalid_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid partial aggregate state")));
}

/* ------------------------------------------------------------------------
 * Results
 * ------------------------------------------------------------------------
 */

typedef struct Rest
{
	double		fraction;
	int			i;
} Rest;

static int
by_fraction(const void *left, const void *right)
{
	const Rest *a = left;
	const Rest *b = right;

	if (a->fraction != b->fraction)
		return a->fraction > b->fraction ? -1 : 1;
	return a->i - b->i;
}

/*
 * A whole number divided in proportion to values, as numerics that add up to exactly it:
 * each part is rounded down to so many decimals, and what is missing goes, a unit of the
 * last decimal each, to those that lost most, the earlier one first where two lost as
 * much.  Values may be negative; there are fewer decimals where so many do not fit.  total
 * is what the values add up to, but for rounding, and not 0.
 */
void
divide(int64 whole, int decimals, const double *values, double total, int n, Datum *parts)
{
	Rest	   *rests = palloc_extended(n * sizeof(Rest), MCXT_ALLOC_HUGE);
	int64	   *units = palloc_extended(n * sizeof(int64), MCXT_ALLOC_HUGE);
	double		amount = 0;
	double		scale = 1;
	int64		missing;
	int64		each;

	for (int i = 0; i < n; i++)
		amount += fabs(values[i] / total);
	if (!isfinite(amount))
		elog(ERROR, "values to be divided by are not numbers");
	for (int i = 0; i < decimals; i++)
		scale *= 10;
	for (; decimals > 0 && Max(amount, 1) * whole * scale > MAX_UNITS; decimals--)
		scale /= 10;
	if (!(Max(amount, 1) * whole * scale <= MAX_UNITS))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("parts of %lld are out of range", (long long) whole)));

	missing = whole * (int64) scale;
	for (int i = 0; i < n; i++)
	{
		double		exact = values[i] / total * whole * scale;

		units[i] = (int64) floor(exact);
		/* what is the same but for rounding is to be a tie */
		rests[i].fraction = rint((exact - floor(exact)) * 1024);
		rests[i].i = i;
		missing -= units[i];
	}
	qsort(rests, n, sizeof(Rest), by_fraction);
	/* so large numbers that they are not exact may leave more than one for each */
	each = missing / n;
	if (missing % n < 0)
		each--;
	missing -= each * n;
	for (int i = 0; i < n; i++)
		units[rests[i].i] += each + (i < missing);
	for (int i = 0; i < n; i++)
		parts[i] = NumericGetDatum(int64_div_fast_to_numeric(units[i], decimals));
	pfree(rests);
	pfree(units);
}

/* The array of rows that a final function gives; its columns stand row by row. */
Datum
result_array(FunctionCallInfo fcinfo, int nrows, int ncolumns, const Datum *values,
			 const bool *nulls)
{
	TypeCacheEntry *type = fcinfo->flinfo->fn_extra;
	Datum	   *rows = palloc_extended(Max(nrows, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);

	if (type == NULL)
	{
		type = lookup_type_cache(get_element_type(get_fn_expr_rettype(fcinfo->flinfo)),
								 TYPECACHE_TUPDESC);
		fcinfo->flinfo->fn_extra = type;
	}
	if (type->tupDesc == NULL || type->tupDesc->natts != ncolumns)
		elog(ERROR, "unexpected result type of an aggregate");
	for (int i = 0; i < nrows; i++)
		rows[i] = HeapTupleGetDatum(heap_form_tuple(type->tupDesc,
													unconstify(Datum *, values) + i * ncolumns,
													unconstify(bool *, nulls) + i * ncolumns));
	return PointerGetDatum(construct_array(rows, nrows, type->type_id, type->typlen,
										   type->typbyval, type->typalign));
}
