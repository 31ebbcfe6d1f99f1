/*-------------------------------------------------------------------------
 *
 * markov_solve.c
 *	  Removal effects of an absorbing Markov chain, solved directly.
 *
 * A chain stays the same for whoever looks at some of its states only, if another
 * one is taken out by joining each way in with each way out: for all i and j
 *
 *		w(i, j) += w(i, x) * w(x, j) / sum of w(x, k) over all k but x
 *
 * which is Gaussian elimination in the form of Grassmann, Taksar and Heyman
 * (1985).  Nothing is ever subtracted, so each number comes out right to nearly all
 * of its digits, whatever the chain, and no pivot has to be looked for.
 *
 * What is wanted for channel c is the chain with the states of all other channels
 * taken out.  From the start it then ends at once, without c, or passes c first;
 * conversions of the former are what is left without the channel, so
 *
 *		removal effect = conversions that pass c / all conversions
 *
 * This is done for all channels together by halves: take out the states of one half of
 * the channels for the sake of the other half, and the other way round; go on with
 * either half.  The first step costs as much as solving one system, and each further
 * level a quarter of the one before, so all channels cost not three times that.
 * It holds whatever the number of states a channel has, so for any order.
 *
 * A chain is sparse at first: rows are lists, and the state whose removal makes
 * the fewest new entries goes next.  Once a quarter of all entries are there,
 * the rest is done on a full matrix, in blocks that stay in the processor's caches.
 * All of it is in an order that depends on the chain alone.
 *
 * Since the chain is made of whole journeys, each as often entered as left, its
 * probability of a conversion is known beforehand: conversions / journeys.  It comes out
 * once more with each channel, by other eliminations, and must be that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "markov.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Full matrices: the largest, and how full a chain must be for one. */
#define MAX_FULL_STATES 8192
#define SMALL_STATES	48
#define FULL_FROM		4		/* one entry in so many */

/* The most entries that a sparse chain may come to. */
#define MAX_ENTRIES		(INT64CONST(1) << 25)

/* States that are taken out of a full matrix at a time, and columns updated at a time. */
#define BLOCK_STATES	32
#define BLOCK_COLUMNS	512

/* How far the probability of a conversion may be off, relatively. */
#define TOLERANCE		1e-9

pg_noreturn static void
chain_too_large(int nstates)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("Markov chain of %d states is too large to be solved", nstates),
			 errdetail("On the way it grows to more than %lld transitions.",
					   (long long) MAX_ENTRIES),
			 errhint("Choose a lower order, or fewer channels.")));
}

/* ------------------------------------------------------------------------
 * Full matrices
 * ------------------------------------------------------------------------
 */

/*
 * Row 0 is the start, row i + 1 state i.  Column 0 has conversions, column 1 other ends,
 * column j + 2 transitions to state j.  What stands for transitions from a state to
 * itself is never looked at.
 */
typedef struct FullChain
{
	int			nstates;
	Size		stride;
	double	   *cells;
} FullChain;

#define FIRST_STATE_COLUMN 2

static inline double *
full_row(const FullChain *full, int row)
{
	return full->cells + row * full->stride;
}

static void
add_multiple(double *restrict to, const double *restrict from, double factor, int n)
{
	for (int i = 0; i < n; i++)
		to[i] += factor * from[i];
}

/*
 * Takes state x out of rows 0..x, as far as this block's columns go, and of its rows
 * whole; leaves in column x what multiple of row x has to be added to each row.
 */
static void
full_eliminate_in_block(FullChain *full, int first, int x)
{
	const double *out = full_row(full, x + 1);
	int			column = x + FIRST_STATE_COLUMN;
	int			block_column = first + FIRST_STATE_COLUMN;
	double		sum = 0;

	for (int i = 0; i < column; i++)
		sum += out[i];
	for (int i = 0; i <= x; i++)
	{
		double	   *row = full_row(full, i);

		if (row[column] == 0)
			continue;
		row[column] /= sum;
		if (i > first)
			add_multiple(row, out, row[column], column);
		else
			add_multiple(row + block_column, out + block_column, row[column],
						 column - block_column);
	}
}

/* Does what full_eliminate_in_block() left to do for states first..after-1. */
static void
full_update_rest(FullChain *full, int first, int after)
{
	int			ncolumns = first + FIRST_STATE_COLUMN;

	for (int column = 0; column < ncolumns; column += BLOCK_COLUMNS)
	{
		int			n = Min(BLOCK_COLUMNS, ncolumns - column);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i <= first; i++)
		{
			double	   *row = full_row(full, i);

			for (int x = after - 1; x >= first; x--)
			{
				double		factor = row[x + FIRST_STATE_COLUMN];

				if (factor != 0)
					add_multiple(row + column, full_row(full, x + 1) + column, factor, n);
			}
		}
	}
}

/* Takes out all states but the first ones. */
static void
full_eliminate(FullChain *full, int nkept)
{
	int			after = full->nstates;

	while (after > nkept)
	{
		int			first = Max(nkept, after - BLOCK_STATES);

		for (int x = after - 1; x >= first; x--)
		{
			CHECK_FOR_INTERRUPTS();
			full_eliminate_in_block(full, first, x);
		}
		full_update_rest(full, first, after);
		after = first;
	}
	full->nstates = nkept;
}

/* ------------------------------------------------------------------------
 * Sparse chains
 * ------------------------------------------------------------------------
 */

static void
row_add(ChainRow *row, int state, double weight)
{
	if (row->n == row->capacity)
	{
		row->capacity = Max(8, 2 * row->capacity);
		row->entries = row->entries == NULL
			? palloc_extended(row->capacity * sizeof(ChainEntry), MCXT_ALLOC_HUGE)
			: repalloc_huge(row->entries, row->capacity * sizeof(ChainEntry));
	}
	row->entries[row->n].state = state;
	row->entries[row->n++].weight = weight;
}

/* The rows that have had an entry in a column; one may have been taken out since. */
typedef struct Column
{
	int			n;
	int			capacity;
	int			nlive;			/* without those taken out */
	int		   *rows;
} Column;

static void
column_add(Column *column, int row)
{
	if (column->n == column->capacity)
	{
		column->capacity = Max(8, 2 * column->capacity);
		column->rows = column->rows == NULL
			? palloc_extended(column->capacity * sizeof(int), MCXT_ALLOC_HUGE)
			: repalloc_huge(column->rows, column->capacity * sizeof(int));
	}
	column->rows[column->n++] = row;
	column->nlive++;
}

/* What taking a state out would cost, as of when that was worked out. */
typedef struct Candidate
{
	double		cost;
	int			state;
} Candidate;

/* A chain that states are being taken out of: all from nkept on. */
typedef struct Elimination
{
	int			nstates;
	int			nkept;
	ChainRow   *rows;			/* of the start and of each state, as in Chain */
	Column	   *columns;		/* of each state */
	bool	   *is_out;
	int			nlive;
	int64		nentries;
	int		   *position;		/* scratch: entry of the row at hand + 1, by state; else 0 */

	/* those that are to be taken out; what is no longer right is passed over */
	double	   *costs;
	int			ncandidates;
	int			candidates_capacity;
	Candidate  *candidates;		/* a heap */
} Elimination;

static inline bool
is_cheaper(const Candidate *a, const Candidate *b)
{
	return a->cost < b->cost || (a->cost == b->cost && a->state < b->state);
}

static void
candidate_push(Elimination *elimination, Candidate candidate)
{
	Candidate  *heap;
	int			i = elimination->ncandidates++;

	if (i == elimination->candidates_capacity)
	{
		elimination->candidates_capacity *= 2;
		elimination->candidates = repalloc_huge(elimination->candidates,
												elimination->candidates_capacity *
												sizeof(Candidate));
	}
	heap = elimination->candidates;
	for (; i > 0 && is_cheaper(&candidate, &heap[(i - 1) / 2]); i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = candidate;
}

static Candidate
candidate_pop(Elimination *elimination)
{
	Candidate  *heap = elimination->candidates;
	Candidate	cheapest = heap[0];
	Candidate	last = heap[--elimination->ncandidates];
	int			n = elimination->ncandidates;
	int			i = 0;

	for (;;)
	{
		int			child = 2 * i + 1;

		if (child + 1 < n && is_cheaper(&heap[child + 1], &heap[child]))
			child++;
		if (child >= n || !is_cheaper(&heap[child], &last))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return cheapest;
}

/* Notes what taking a state out costs now: as many entries as ways in times ways out. */
static void
note_cost(Elimination *elimination, int state)
{
	Candidate	candidate;

	if (state < elimination->nkept)
		return;
	candidate.state = state;
	candidate.cost = (double) elimination->columns[state].nlive *
		elimination->rows[state + 1].n;
	if (candidate.cost == elimination->costs[state])
		return;
	elimination->costs[state] = candidate.cost;
	candidate_push(elimination, candidate);
}

/* The state that is cheapest to take out. */
static int
next_state(Elimination *elimination)
{
	for (;;)
	{
		Candidate	candidate = candidate_pop(elimination);

		if (!elimination->is_out[candidate.state] &&
			candidate.cost == elimination->costs[candidate.state])
			return candidate.state;
	}
}

/* Joins a way into state x with all ways out of it. */
static void
join_ways(Elimination *elimination, int row_no, int x, double sum)
{
	ChainRow   *row = &elimination->rows[row_no];
	const ChainRow *out = &elimination->rows[x + 1];
	int		   *position = elimination->position;
	double		factor;
	int			at;

	for (int i = 0; i < row->n; i++)
		position[row->entries[i].state] = i + 1;
	at = position[x] - 1;
	factor = row->entries[at].weight / sum;
	row->conversions += factor * out->conversions;
	row->others += factor * out->others;
	for (int i = 0; i < out->n; i++)
	{
		int			state = out->entries[i].state;
		double		weight = factor * out->entries[i].weight;

		if (state + 1 == row_no)
			continue;
		if (position[state] != 0)
		{
			row->entries[position[state] - 1].weight += weight;
			continue;
		}
		row_add(row, state, weight);
		column_add(&elimination->columns[state], row_no);
		elimination->nentries++;
	}
	for (int i = 0; i < row->n; i++)
		position[row->entries[i].state] = 0;
	row->entries[at] = row->entries[--row->n];
	elimination->nentries--;
}

/* Takes a state out. */
static void
sparse_eliminate(Elimination *elimination, int x)
{
	ChainRow   *out = &elimination->rows[x + 1];
	Column	   *in = &elimination->columns[x];
	double		sum = out->conversions + out->others;

	for (int i = 0; i < out->n; i++)
		sum += out->entries[i].weight;
	elimination->is_out[x] = true;
	elimination->nlive--;
	elimination->nentries -= out->n;
	for (int i = 0; i < out->n; i++)
		elimination->columns[out->entries[i].state].nlive--;
	for (int i = 0; i < in->n; i++)
	{
		int			row_no = in->rows[i];

		CHECK_FOR_INTERRUPTS();
		if (row_no > 0 && elimination->is_out[row_no - 1])
			continue;
		join_ways(elimination, row_no, x, sum);
		if (row_no > 0)
			note_cost(elimination, row_no - 1);
	}
	for (int i = 0; i < out->n; i++)
		note_cost(elimination, out->entries[i].state);
	pfree(out->entries);
	out->entries = NULL;
	if (in->rows != NULL)
		pfree(in->rows);
	in->rows = NULL;
	if (elimination->nentries > MAX_ENTRIES)
		chain_too_large(elimination->nstates);
}

/* ------------------------------------------------------------------------
 * Parts: the chain with the states of some channels left, neighbours by name
 * ------------------------------------------------------------------------
 */

typedef struct Part
{
	int			nstates;
	const int  *channels;		/* of each state; in order */
	ChainRow   *rows;			/* as in Chain; NULL: it is full */
	FullChain	full;
} Part;

static FullChain
full_create(int nstates)
{
	FullChain	full;

	full.nstates = nstates;
	full.stride = nstates + FIRST_STATE_COLUMN;
	full.cells = palloc_extended((nstates + 1) * full.stride * sizeof(double),
								 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	return full;
}

/* A full chain in no more space than it needs. */
static FullChain
full_compact(FullChain *full)
{
	FullChain	compact = full_create(full->nstates);

	for (int i = 0; i <= full->nstates; i++)
		memcpy(full_row(&compact, i), full_row(full, i), compact.stride * sizeof(double));
	pfree(full->cells);
	return compact;
}

/* Number of a state when first..after-1 stand before all others. */
static inline int
kept_first(int state, int first, int after)
{
	if (state < first)
		return state + after - first;
	return state < after ? state - first : state;
}

static FullChain
full_keep(const FullChain *full, int first, int after)
{
	FullChain	kept = full_create(full->nstates);

	for (int i = 0; i <= full->nstates; i++)
	{
		const double *from = full_row(full, i);
		double	   *to = full_row(&kept, i == 0 ? 0 : kept_first(i - 1, first, after) + 1);

		CHECK_FOR_INTERRUPTS();
		to[0] = from[0];
		to[1] = from[1];
		from += FIRST_STATE_COLUMN;
		to += FIRST_STATE_COLUMN;
		memcpy(to, from + first, (after - first) * sizeof(double));
		memcpy(to + after - first, from, first * sizeof(double));
		memcpy(to + after, from + after, (full->nstates - after) * sizeof(double));
	}
	full_eliminate(&kept, after - first);
	return full_compact(&kept);
}

/* What is left of a sparse chain, as a full one, with all taken out that is to be. */
static FullChain
full_of_rest(const Elimination *elimination)
{
	FullChain	full = full_create(elimination->nlive);
	int		   *numbers = palloc_extended(elimination->nstates * sizeof(int), MCXT_ALLOC_HUGE);
	int			n = 0;

	for (int i = 0; i < elimination->nstates; i++)
	{
		if (!elimination->is_out[i])
			numbers[i] = n++;
	}
	for (int i = 0; i <= elimination->nstates; i++)
	{
		const ChainRow *from = &elimination->rows[i];
		double	   *to;

		if (i > 0 && elimination->is_out[i - 1])
			continue;
		to = full_row(&full, i == 0 ? 0 : numbers[i - 1] + 1);
		to[0] = from->conversions;
		to[1] = from->others;
		for (int j = 0; j < from->n; j++)
			to[numbers[from->entries[j].state] + FIRST_STATE_COLUMN] = from->entries[j].weight;
	}
	pfree(numbers);
	full_eliminate(&full, elimination->nkept);
	return full_compact(&full);
}

/* Copies rows, with states first..after-1 before all others, and without self-loops. */
static void
elimination_begin(Elimination *elimination, const ChainRow *rows, int nstates, int first,
				  int after)
{
	elimination->nstates = nstates;
	elimination->nlive = nstates;
	elimination->nkept = after - first;
	elimination->nentries = 0;
	elimination->rows = palloc_extended((nstates + 1) * sizeof(ChainRow),
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	elimination->columns = palloc_extended(nstates * sizeof(Column),
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	elimination->is_out = palloc_extended(nstates * sizeof(bool),
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	elimination->position = palloc_extended(nstates * sizeof(int),
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	elimination->costs = palloc_extended(nstates * sizeof(double), MCXT_ALLOC_HUGE);
	elimination->ncandidates = 0;
	elimination->candidates_capacity = nstates;
	elimination->candidates = palloc_extended(nstates * sizeof(Candidate), MCXT_ALLOC_HUGE);
	for (int i = 0; i <= nstates; i++)
	{
		const ChainRow *from = &rows[i];
		int			row_no = i == 0 ? 0 : kept_first(i - 1, first, after) + 1;
		ChainRow   *to = &elimination->rows[row_no];

		CHECK_FOR_INTERRUPTS();
		to->conversions = from->conversions;
		to->others = from->others;
		to->capacity = from->n;
		to->entries = palloc_extended(Max(from->n, 1) * sizeof(ChainEntry), MCXT_ALLOC_HUGE);
		for (int j = 0; j < from->n; j++)
		{
			int			state = kept_first(from->entries[j].state, first, after);

			if (state + 1 == row_no)
				continue;
			row_add(to, state, from->entries[j].weight);
			column_add(&elimination->columns[state], row_no);
			elimination->nentries++;
		}
	}
	for (int i = elimination->nkept; i < nstates; i++)
	{
		elimination->costs[i] = -1;
		note_cost(elimination, i);
	}
}

static bool
is_nearly_full(const Elimination *elimination)
{
	int64		nlive = elimination->nlive;

	return nlive <= SMALL_STATES ||
		(nlive <= MAX_FULL_STATES && elimination->nentries >= nlive * nlive / FULL_FROM);
}

/* The part with no more than states first..after-1 left. */
static Part
part_keep(const Part *part, int first, int after)
{
	Part		kept;
	Elimination elimination;

	kept.nstates = after - first;
	kept.channels = part->channels + first;
	kept.rows = NULL;
	if (part->rows == NULL)
	{
		kept.full = full_keep(&part->full, first, after);
		return kept;
	}
	elimination_begin(&elimination, part->rows, part->nstates, first, after);
	while (elimination.nlive > elimination.nkept)
	{
		if (is_nearly_full(&elimination))
		{
			kept.full = full_of_rest(&elimination);
			return kept;
		}
		sparse_eliminate(&elimination, next_state(&elimination));
	}
	kept.rows = elimination.rows;
	return kept;
}

static double *
conversions_of_start(Part *part)
{
	return part->rows == NULL ? &part->full.cells[0] : &part->rows[0].conversions;
}

static double
others_of_start(const Part *part)
{
	return part->rows == NULL ? part->full.cells[1] : part->rows[0].others;
}

/* The removal effect of the only channel of a part. */
static double
effect_of_channel(Part *part, double conversion_rate)
{
	double		without = *conversions_of_start(part);
	double		with;
	double		rate;
	Part		nothing;

	*conversions_of_start(part) = 0;
	nothing = part_keep(part, 0, 0);
	with = *conversions_of_start(&nothing);
	rate = (with + without) / (with + without + others_of_start(&nothing));
	if (!(fabs(rate - conversion_rate) <= conversion_rate * TOLERANCE))
		elog(ERROR, "Markov chain converts with probability %.17g, not %.17g",
			 rate, conversion_rate);
	return with / (with + without);
}

/* Where to halve a part: between channels, as near to the middle as can be. */
static int
middle_of_part(const Part *part)
{
	int			before = part->nstates / 2;
	int			after = before;

	while (before > 0 && part->channels[before - 1] == part->channels[before])
		before--;
	while (after < part->nstates && part->channels[after - 1] == part->channels[after])
		after++;
	if (before == 0)
		return after;
	if (after == part->nstates)
		return before;
	return part->nstates / 2 - before <= after - part->nstates / 2 ? before : after;
}

static void
part_effects(Part *part, double conversion_rate, double *effects)
{
	MemoryContext old_context = CurrentMemoryContext;
	MemoryContext context;

	check_stack_depth();
	context = AllocSetContextCreate(old_context, "goaltracker Markov chain",
									ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	if (part->channels[0] == part->channels[part->nstates - 1])
		effects[part->channels[0]] = effect_of_channel(part, conversion_rate);
	else
	{
		int			middle = middle_of_part(part);
		Part		half = part_keep(part, 0, middle);

		part_effects(&half, conversion_rate, effects);
		MemoryContextReset(context);
		half = part_keep(part, middle, part->nstates);
		part_effects(&half, conversion_rate, effects);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
}

/*
 * The removal effect of each channel, in effects[] by its number: how much of the
 * conversions is lost without it, from 0 to 1.  States stand in order of their channels,
 * and each channel has some.  conversion_rate, not 0, is what part of the journeys
 * converted.  Raises ERRCODE_PROGRAM_LIMIT_EXCEEDED if the chain is too large.
 */
void
chain_effects(const Chain *chain, double conversion_rate, double *effects)
{
	Part		part;

	part.nstates = chain->nstates;
	part.channels = chain->channels;
	part.rows = chain->rows;
	part_effects(&part, conversion_rate, effects);
}
