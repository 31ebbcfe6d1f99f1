/*-------------------------------------------------------------------------
 *
 * markov.c
 *	  Aggregate markov_effects(): what each channel of a Markov chain of journeys
 *	  is worth, by what is lost without it.
 *
 * A state is what came last in a journey: its latest channel under order 1, the
 * two or three latest ones in their order under order 2 and 3, fewer at the
 * journey's beginning.  The transition state of the aggregate counts how often
 * journeys went from which state to which channel, and how often they ended
 * there, with a conversion or without.  It grows with the distinct transitions,
 * not with the journeys.
 *
 * The removal effect of a channel is the part of conversions that is lost if
 * every transition to the channel ends the journey without one: of all that
 * the chain makes of the start, the part that passes the channel.
 * markov_solve.c works it out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "compat.h"
#include "data_driven.h"
#include "libpq/pqformat.h"
#include "markov.h"
#include "miscadmin.h"
#include "once.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(goaltracker_markov_add);
PG_FUNCTION_INFO_V1(goaltracker_markov_combine);
PG_FUNCTION_INFO_V1(goaltracker_markov_serialize);
PG_FUNCTION_INFO_V1(goaltracker_markov_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_markov_final);

#define MAX_ORDER		3

/* Of one group.  Each is 24 bytes in a table that is half empty at worst. */
#define MAX_TRANSITIONS (1 << 24)
#define MIN_SLOTS		64

/* Attributes of type markov_effect. */
#define EFFECT_ATTRIBUTES 4

/* State 0 is the start of all journeys: no channel yet. */
typedef struct State
{
	uint32		channels[MAX_ORDER];	/* the latest one last */
	int32		nchannels;
	int64		conversions;	/* journeys that ended here */
	int64		others;
} State;

typedef struct Transition
{
	uint32		from;
	uint32		channel;
	uint32		to;				/* the state that this leads to */
	int64		count;			/* 0: a free slot */
} Transition;

typedef struct MarkovState
{
	MemoryContext context;
	int			order;
	NameTable	names;
	NumberList	path;
	int64		conversions;	/* journeys, by how they ended */
	int64		others;

	uint32		nstates;
	uint32		states_capacity;
	State	   *states;
	uint32		nstate_slots;	/* powers of two */
	uint32	   *state_slots;	/* number of the state + 1; 0: free */

	uint32		ntransitions;
	uint32		nslots;			/* a power of two */
	uint64		seed;			/* see markov_create() */
	Transition *slots;
} MarkovState;

/* ------------------------------------------------------------------------
 * States and transitions
 * ------------------------------------------------------------------------
 */

/*
 * Each table of transitions hashes in its own way: one that takes in another in the order
 * of its slots, by the same hash function, fills up from one end, and gets slow.
 */
static MarkovState *
markov_create(MemoryContext context, int order)
{
	static uint64 tables = 0;
	MarkovState *state = MemoryContextAllocZero(context, sizeof(MarkovState));

	state->context = context;
	state->order = order;
	names_init(&state->names, context);
	state->states_capacity = MIN_SLOTS;
	state->states = MemoryContextAllocZero(context, MIN_SLOTS * sizeof(State));
	state->nstates = 1;
	state->nstate_slots = 2 * MIN_SLOTS;
	state->state_slots = MemoryContextAllocZero(context, 2 * MIN_SLOTS * sizeof(uint32));
	state->seed = once_mix(((uint64) MyProcPid << 32) ^ tables++);
	state->nslots = MIN_SLOTS;
	state->slots = MemoryContextAllocZero(context, MIN_SLOTS * sizeof(Transition));
	return state;
}

static uint32
channels_hash(const uint32 *channels, int nchannels)
{
	return hash_bytes((const unsigned char *) channels, nchannels * sizeof(uint32));
}

/* The slot of a state, or the free one where it belongs. */
static uint32 *
state_slot(const MarkovState *state, const uint32 *channels, int nchannels)
{
	uint32		mask = state->nstate_slots - 1;

	for (uint32 i = channels_hash(channels, nchannels);; i++)
	{
		uint32	   *slot = &state->state_slots[i & mask];
		const State *found;

		if (*slot == 0)
			return slot;
		found = &state->states[*slot - 1];
		if (found->nchannels == nchannels &&
			memcmp(found->channels, channels, nchannels * sizeof(uint32)) == 0)
			return slot;
	}
}

static void
states_grow(MarkovState *state)
{
	state->states_capacity *= 2;
	state->states = repalloc_huge(state->states, state->states_capacity * sizeof(State));
	pfree(state->state_slots);
	state->nstate_slots = 2 * state->states_capacity;
	state->state_slots = MemoryContextAllocExtended(state->context,
													state->nstate_slots * sizeof(uint32),
													MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 1; i < state->nstates; i++)
		*state_slot(state, state->states[i].channels, state->states[i].nchannels) = i + 1;
}

static uint32
state_enter(MarkovState *state, const uint32 *channels, int nchannels)
{
	uint32	   *slot = state_slot(state, channels, nchannels);
	State	   *fresh;

	if (*slot != 0)
		return *slot - 1;
	if (state->nstates == state->states_capacity)
	{
		states_grow(state);
		slot = state_slot(state, channels, nchannels);
	}
	fresh = &state->states[state->nstates];
	memset(fresh, 0, sizeof(State));
	memcpy(fresh->channels, channels, nchannels * sizeof(uint32));
	fresh->nchannels = nchannels;
	*slot = ++state->nstates;
	return state->nstates - 1;
}

/* The state that a channel leads to. */
static uint32
state_after(MarkovState *state, uint32 from, uint32 channel)
{
	const State *before = &state->states[from];
	uint32		channels[MAX_ORDER];
	int			nkept = Min(before->nchannels, state->order - 1);

	memcpy(channels, before->channels + before->nchannels - nkept, nkept * sizeof(uint32));
	channels[nkept] = channel;
	return state_enter(state, channels, nkept + 1);
}

static inline Transition *
transition_slot(const MarkovState *state, uint32 from, uint32 channel)
{
	uint32		mask = state->nslots - 1;

	for (uint32 i = (uint32) once_mix((((uint64) from << 32) | channel) ^ state->seed);; i++)
	{
		Transition *slot = &state->slots[i & mask];

		if (slot->count == 0 || (slot->from == from && slot->channel == channel))
			return slot;
	}
}

static void
transitions_grow(MarkovState *state)
{
	Transition *old = state->slots;
	uint32		old_nslots = state->nslots;

	state->nslots *= 2;
	state->slots = MemoryContextAllocExtended(state->context, state->nslots * sizeof(Transition),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < old_nslots; i++)
	{
		if (old[i].count != 0)
			*transition_slot(state, old[i].from, old[i].channel) = old[i];
	}
	pfree(old);
}

/* Counts transitions, at least one; returns the state that they lead to. */
static inline uint32
transition_add(MarkovState *state, uint32 from, uint32 channel, int64 count)
{
	Transition *slot = transition_slot(state, from, channel);

	if (slot->count == 0)
	{
		if (state->ntransitions >= MAX_TRANSITIONS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many distinct transitions in one group"),
					 errdetail("The limit is %d.", MAX_TRANSITIONS),
					 errhint("Choose a lower order, fewer channels or more groups.")));
		if (state->ntransitions >= state->nslots / 4 * 3)
		{
			transitions_grow(state);
			slot = transition_slot(state, from, channel);
		}
		slot->from = from;
		slot->channel = channel;
		slot->to = state_after(state, from, channel);
		state->ntransitions++;
	}
	count_add(&slot->count, count);
	return slot->to;
}

/* ------------------------------------------------------------------------
 * The aggregate
 * ------------------------------------------------------------------------
 */

static int
order_argument(FunctionCallInfo fcinfo, int n)
{
	int			order;

	if (PG_NARGS() <= n)
		return 1;
	order = PG_ARGISNULL(n) ? 0 : PG_GETARG_INT32(n);
	if (order < 1 || order > MAX_ORDER)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 PG_ARGISNULL(n) ? errmsg("order of a Markov chain must not be null")
				 : errmsg("order of a Markov chain is out of range: %d", order),
				 errdetail("Allowed are 1 to %d.", MAX_ORDER)));
	return order;
}

/*
 * goaltracker_markov_add(state internal, path text[], conversions bigint,
 * non_conversions bigint [, model_order integer]) returns internal
 *
 * Transition function: counts the journeys that took this path, those that converted
 * and those that did not.  A NULL path, or no journey, adds nothing; a NULL count is 0.
 * Raises errors for a path that is none, a negative count, an order that is out of range
 * or not that of the rows before, and for more transitions than there may be.
 */
Datum
goaltracker_markov_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	MarkovState *state = state_argument(fcinfo, 0);
	int64		conversions = count_argument(fcinfo, 2, "conversions");
	int64		others = count_argument(fcinfo, 3, "non_conversions");
	int			order = order_argument(fcinfo, 4);
	int64		journeys = conversions;
	uint32		at = 0;

	count_add(&journeys, others);
	if (PG_ARGISNULL(1) || journeys == 0)
		return return_state(fcinfo, state);
	if (state == NULL)
		state = markov_create(context, order);
	if (state->order != order)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("order of a Markov chain must be the same in all rows: %d, %d",
						state->order, order)));

	names_of_array(&state->names, PG_GETARG_ARRAYTYPE_P(1), "path", &state->path);
	count_add(&state->conversions, conversions);
	count_add(&state->others, others);
	for (int i = 0; i < state->path.n; i++)
		at = transition_add(state, at, state->path.numbers[i], journeys);
	/* these are no more than all journeys */
	state->states[at].conversions += conversions;
	state->states[at].others += others;
	PG_RETURN_POINTER(state);
}

/* The states of another chain, by their numbers there; its channels have these numbers here. */
static uint32 *
states_merge(MarkovState *state, const MarkovState *other, const uint32 *channels)
{
	uint32	   *numbers = palloc_extended(other->nstates * sizeof(uint32), MCXT_ALLOC_HUGE);

	numbers[0] = 0;
	for (uint32 i = 1; i < other->nstates; i++)
	{
		const State *from = &other->states[i];
		uint32		renamed[MAX_ORDER];
		State	   *to;

		for (int j = 0; j < from->nchannels; j++)
			renamed[j] = channels[from->channels[j]];
		numbers[i] = state_enter(state, renamed, from->nchannels);
		to = &state->states[numbers[i]];
		count_add(&to->conversions, from->conversions);
		count_add(&to->others, from->others);
	}
	return numbers;
}

/*
 * goaltracker_markov_combine(state internal, other internal) returns internal
 *
 * Combine function: adds what another process has counted.
 */
Datum
goaltracker_markov_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	MarkovState *state = state_argument(fcinfo, 0);
	const MarkovState *other = state_argument(fcinfo, 1);
	uint32	   *channels;
	uint32	   *states;

	if (other == NULL)
		return return_state(fcinfo, state);
	if (state == NULL)
		state = markov_create(context, other->order);
	if (state->order != other->order)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("order of a Markov chain must be the same in all rows: %d, %d",
						state->order, other->order)));
	count_add(&state->conversions, other->conversions);
	count_add(&state->others, other->others);
	channels = names_merge(&state->names, &other->names);
	states = states_merge(state, other, channels);
	for (uint32 i = 0; i < other->nslots; i++)
	{
		const Transition *slot = &other->slots[i];

		CHECK_FOR_INTERRUPTS();
		if (slot->count != 0)
			(void) transition_add(state, states[slot->from], channels[slot->channel],
								  slot->count);
	}
	pfree(states);
	pfree(channels);
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_markov_serialize(state internal) returns bytea
 *
 * Gives what has been counted, to be combined in another process.
 */
Datum
goaltracker_markov_serialize(PG_FUNCTION_ARGS)
{
	const MarkovState *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	state = (const MarkovState *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buf);
	pq_sendint32(&buf, state->order);
	pq_sendint64(&buf, state->conversions);
	pq_sendint64(&buf, state->others);
	names_send(&buf, &state->names);
	pq_sendint32(&buf, state->nstates - 1);
	for (uint32 i = 1; i < state->nstates; i++)
	{
		const State *from = &state->states[i];

		pq_sendint32(&buf, from->nchannels);
		for (int j = 0; j < from->nchannels; j++)
			pq_sendint32(&buf, from->channels[j]);
		pq_sendint64(&buf, from->conversions);
		pq_sendint64(&buf, from->others);
	}
	pq_sendint32(&buf, state->ntransitions);
	for (uint32 i = 0; i < state->nslots; i++)
	{
		const Transition *slot = &state->slots[i];

		CHECK_FOR_INTERRUPTS();
		if (slot->count == 0)
			continue;
		pq_sendint32(&buf, slot->from);
		pq_sendint32(&buf, slot->channel);
		pq_sendint64(&buf, slot->count);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

static void
states_receive(StringInfo buf, MarkovState *state)
{
	uint32		n = pq_getmsgint(buf, 4);

	for (uint32 i = 1; i <= n; i++)
	{
		uint32		channels[MAX_ORDER];
		int			nchannels = pq_getmsgint(buf, 4);

		CHECK_FOR_INTERRUPTS();
		if (nchannels < 1 || nchannels > state->order)
			invalid_state();
		for (int j = 0; j < nchannels; j++)
		{
			channels[j] = pq_getmsgint(buf, 4);
			if (channels[j] >= state->names.nnames)
				invalid_state();
		}
		if (state_enter(state, channels, nchannels) != i)
			invalid_state();
		state->states[i].conversions = count_receive(buf);
		state->states[i].others = count_receive(buf);
	}
}

/*
 * goaltracker_markov_deserialize(serialized bytea, unused internal) returns internal
 *
 * Gives a state that can be combined into another one, in the current memory context.
 * Raises ERRCODE_INVALID_BINARY_REPRESENTATION or ERRCODE_PROTOCOL_VIOLATION if this is
 * no serialized state.
 */
Datum
goaltracker_markov_deserialize(PG_FUNCTION_ARGS)
{
	MarkovState *state;
	StringInfoData buf;
	uint32		ntransitions;
	int			order;

	(void) aggregate_context(fcinfo);
	open_serialized(&buf, PG_GETARG_BYTEA_PP(0));
	order = pq_getmsgint(&buf, 4);
	if (order < 1 || order > MAX_ORDER)
		invalid_state();
	state = markov_create(CurrentMemoryContext, order);
	state->conversions = count_receive(&buf);
	state->others = count_receive(&buf);
	names_receive(&buf, &state->names);
	states_receive(&buf, state);
	ntransitions = pq_getmsgint(&buf, 4);
	for (uint32 i = 0; i < ntransitions; i++)
	{
		uint32		from = pq_getmsgint(&buf, 4);
		uint32		channel = pq_getmsgint(&buf, 4);
		int64		count = count_receive(&buf);

		CHECK_FOR_INTERRUPTS();
		if (from >= state->nstates || channel >= state->names.nnames || count == 0)
			invalid_state();
		(void) transition_add(state, from, channel, count);
	}
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

/* ------------------------------------------------------------------------
 * The chain, in order of names
 * ------------------------------------------------------------------------
 */

/* A state by the ranks of its channels' names. */
typedef struct RankedState
{
	uint32		ranks[MAX_ORDER];	/* the latest first */
	int32		nchannels;
	uint32		state;
} RankedState;

static int
by_ranks(const void *left, const void *right)
{
	const RankedState *a = left;
	const RankedState *b = right;

	for (int i = 0; i < Min(a->nchannels, b->nchannels); i++)
	{
		if (a->ranks[i] != b->ranks[i])
			return a->ranks[i] < b->ranks[i] ? -1 : 1;
	}
	return a->nchannels - b->nchannels;
}

static int
by_state(const void *left, const void *right)
{
	return ((const ChainEntry *) left)->state - ((const ChainEntry *) right)->state;
}

/* The numbers that states but the start have in order: by channel, the latest one first. */
static int *
states_in_order(const MarkovState *state, const uint32 *ranks)
{
	int			n = state->nstates - 1;
	RankedState *ranked = palloc_extended(n * sizeof(RankedState), MCXT_ALLOC_HUGE);
	int		   *numbers = palloc_extended((n + 1) * sizeof(int), MCXT_ALLOC_HUGE);

	for (int i = 0; i < n; i++)
	{
		const State *from = &state->states[i + 1];

		ranked[i].state = i + 1;
		ranked[i].nchannels = from->nchannels;
		for (int j = 0; j < from->nchannels; j++)
			ranked[i].ranks[j] = ranks[from->channels[from->nchannels - 1 - j]];
	}
	qsort(ranked, n, sizeof(RankedState), by_ranks);
	numbers[0] = -1;
	for (int i = 0; i < n; i++)
		numbers[ranked[i].state] = i;
	pfree(ranked);
	return numbers;
}

/* The chain that has been counted, its states and entries in an order of their own. */
static Chain *
chain_of_state(const MarkovState *state, const uint32 *ranks)
{
	Chain	   *chain = palloc(sizeof(Chain));
	int		   *numbers = states_in_order(state, ranks);

	chain->nstates = state->nstates - 1;
	chain->nchannels = state->names.nnames;
	chain->channels = palloc_extended(chain->nstates * sizeof(int), MCXT_ALLOC_HUGE);
	chain->rows = palloc_extended(state->nstates * sizeof(ChainRow),
								  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < state->nstates; i++)
	{
		const State *from = &state->states[i];
		ChainRow   *row = &chain->rows[numbers[i] + 1];

		row->conversions = (double) from->conversions;
		row->others = (double) from->others;
		if (i > 0)
			chain->channels[numbers[i]] = ranks[from->channels[from->nchannels - 1]];
	}
	for (uint32 i = 0; i < state->nslots; i++)
	{
		if (state->slots[i].count != 0)
			chain->rows[numbers[state->slots[i].from] + 1].capacity++;
	}
	for (uint32 i = 0; i < state->nstates; i++)
		chain->rows[i].entries = palloc_extended(Max(chain->rows[i].capacity, 1) *
													 sizeof(ChainEntry),
												 MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < state->nslots; i++)
	{
		const Transition *slot = &state->slots[i];
		ChainRow   *row = &chain->rows[numbers[slot->from] + 1];

		if (slot->count == 0)
			continue;
		row->entries[row->n].state = numbers[slot->to];
		row->entries[row->n++].weight = (double) slot->count;
	}
	for (uint32 i = 0; i < state->nstates; i++)
		qsort(chain->rows[i].entries, chain->rows[i].n, sizeof(ChainEntry), by_state);
	pfree(numbers);
	return chain;
}

/*
 * goaltracker_markov_final(state internal) returns markov_effect[]
 *
 * A markov_effect for each channel, in order of their names; NULL where there was no
 * journey.  Reads the state only.  Raises ERRCODE_PROGRAM_LIMIT_EXCEEDED for a chain that
 * is too large to be solved.
 */
Datum
goaltracker_markov_final(PG_FUNCTION_ARGS)
{
	const MarkovState *state;
	uint32	   *order;
	uint32	   *ranks;
	int			n;
	double	   *effects;
	double		total = 0;
	Datum	   *shares;
	Datum	   *conversions;
	Datum	   *values;
	bool	   *nulls;

	(void) aggregate_context(fcinfo);
	state = state_argument(fcinfo, 0);
	if (state == NULL)
		PG_RETURN_NULL();

	n = state->names.nnames;
	order = names_in_order(&state->names);
	ranks = palloc_extended(n * sizeof(uint32), MCXT_ALLOC_HUGE);
	for (int i = 0; i < n; i++)
		ranks[order[i]] = i;
	effects = palloc_extended(n * sizeof(double), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	shares = palloc_extended(n * sizeof(Datum), MCXT_ALLOC_HUGE);
	conversions = palloc_extended(n * sizeof(Datum), MCXT_ALLOC_HUGE);
	if (state->conversions > 0)
	{
		chain_effects(chain_of_state(state, ranks),
					  (double) state->conversions /
						  ((double) state->conversions + (double) state->others),
					  effects);
		/* each journey passes a channel, so this is 1 at least */
		for (int i = 0; i < n; i++)
			total += effects[i];
		divide(1, SHARE_DECIMALS, effects, total, n, shares);
		divide(state->conversions, CONVERSION_DECIMALS, effects, total, n, conversions);
	}

	values = palloc_extended(n * EFFECT_ATTRIBUTES * sizeof(Datum), MCXT_ALLOC_HUGE);
	nulls = palloc_extended(n * EFFECT_ATTRIBUTES * sizeof(bool),
							MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < n; i++)
	{
		const KnownName *name = &state->names.names[order[i]];
		Datum	   *row = values + i * EFFECT_ATTRIBUTES;

		row[0] = PointerGetDatum(cstring_to_text_with_len(name->data, name->len));
		row[1] = Float8GetDatum(effects[i]);
		if (state->conversions > 0)
		{
			row[2] = shares[i];
			row[3] = conversions[i];
		}
		else
		{
			nulls[i * EFFECT_ATTRIBUTES + 1] = true;
			nulls[i * EFFECT_ATTRIBUTES + 2] = true;
			row[3] = NumericGetDatum(int64_to_numeric(0));
		}
	}
	return result_array(fcinfo, n, EFFECT_ATTRIBUTES, values, nulls);
}
