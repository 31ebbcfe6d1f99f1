/*-------------------------------------------------------------------------
 *
 * data_driven.h
 *	  What the data-driven models share: markov_effects() and shapley_values().
 *
 * Both count journeys by whole numbers while they go by, and reckon with
 * fractions in the final function alone, over channels in order of their names.
 * So neither the order of rows nor a parallel plan makes a difference, to the
 * last bit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GOALTRACKER_DATA_DRIVEN_H
#define GOALTRACKER_DATA_DRIVEN_H

#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"

/* As in goaltracker.h: nothing but what SQL calls needs to be in sight. */
#pragma GCC visibility push(hidden)

/* Ids of the project have 255 at most; whoever has longer names can hash them. */
#define MAX_NAME_BYTES	1024

/* --- names: channels of a path, players of a set ------------------------- */

typedef struct KnownName
{
	uint32		hash;
	int32		len;
	const char *data;
} KnownName;

/* Names numbered from 0 in order of appearance. */
typedef struct NameTable
{
	MemoryContext context;
	uint32		nnames;
	uint32		capacity;
	KnownName  *names;
	uint32		nslots;			/* a power of two */
	uint32	   *slots;			/* number of the name + 1; 0: free */
} NameTable;

/* Numbers of names, one journey's. */
typedef struct NumberList
{
	int			n;
	int			capacity;
	uint32	   *numbers;
} NumberList;

extern void names_init(NameTable *table, MemoryContext context);
extern uint32 names_enter(NameTable *table, const char *data, int len);
extern void names_of_array(NameTable *table, ArrayType *array, const char *what,
						   NumberList *list);
extern uint32 *names_in_order(const NameTable *table);
extern void names_send(StringInfo buf, const NameTable *table);
extern void names_receive(StringInfo buf, NameTable *table);
extern uint32 *names_merge(NameTable *table, const NameTable *other);

/* --- counts --------------------------------------------------------------- */

extern int64 count_argument(FunctionCallInfo fcinfo, int n, const char *what);
extern void count_add(int64 *sum, int64 count);
extern int64 count_receive(StringInfo buf);
pg_noreturn extern void invalid_state(void);

/* --- results -------------------------------------------------------------- */

/* Decimals of shares, and of conversions divided by them. */
#define SHARE_DECIMALS		12
#define CONVERSION_DECIMALS 6

extern void divide(int64 whole, int decimals, const double *values, double total, int n,
				   Datum *parts);
extern Datum result_array(FunctionCallInfo fcinfo, int nrows, int ncolumns, const Datum *values,
						  const bool *nulls);

#pragma GCC visibility pop

#endif							/* GOALTRACKER_DATA_DRIVEN_H */
