/*-------------------------------------------------------------------------
 *
 * shapley.c
 *	  Aggregate shapley_values(): what each player is worth, by the sets of players
 *	  seen together in journeys.
 *
 * By method "conversions" players S are worth the conversions of journeys that nobody but
 * they took part in.  That game is a sum of games, one for each set of players, in which
 * these earn the set's conversions together and nobody else matters; so a player's
 * Shapley value is the sum, over the sets that he is in, of the conversions divided by
 * the number of players (Zhao, Mahboobi and Bagheri 2018).  It is exact for any number
 * of players, and what has to be kept is, for each player, how many conversions there
 * were in sets of which size.
 *
 * By method "rate" they are worth the conversion rate of those journeys, which does not
 * come apart like that.  The transition state keeps each distinct set of players
 * with its journeys, and shapley_game.c does the rest.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "compat.h"
#include "data_driven.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "once.h"
#include "shapley.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(goaltracker_shapley_add);
PG_FUNCTION_INFO_V1(goaltracker_shapley_combine);
PG_FUNCTION_INFO_V1(goaltracker_shapley_serialize);
PG_FUNCTION_INFO_V1(goaltracker_shapley_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_shapley_final);

#define DEFAULT_PERMUTATIONS	10000
#define MAX_PERMUTATIONS		10000000

/* Of one group: distinct sets, and their players altogether. */
#define MAX_SETS		(1 << 25)
#define MAX_SET_PLAYERS (1 << 28)
#define MIN_SETS		64

/* Attributes of type shapley_value. */
#define VALUE_ATTRIBUTES 5

typedef enum Method
{
	BY_CONVERSIONS = 'c',
	BY_RATE = 'r'
} Method;

/* How the game is to be solved: the same in all rows. */
typedef struct Options
{
	Method		method;
	int32		npermutations;
	int64		seed;
} Options;

/* A player's conversions in sets of one size. */
typedef struct SizeCount
{
	int32		size;
	int64		conversions;
} SizeCount;

typedef struct Player
{
	int			n;
	int			capacity;
	SizeCount  *counts;			/* by size */
} Player;

typedef struct ShapleyState
{
	MemoryContext context;
	Options		options;
	NameTable	names;
	NumberList	members;
	int64		conversions;	/* journeys, by how they ended */
	int64		others;

	/* BY_CONVERSIONS */
	uint32		players_capacity;
	Player	   *players;		/* by the number of their name */

	/* BY_RATE */
	uint64		nsets;
	uint64		sets_capacity;
	PlayerSet  *sets;
	uint64		nslots;			/* a power of two */
	uint32	   *slots;			/* number of the set + 1; 0: free */
	uint64		nmembers;
	uint64		members_capacity;
	uint32	   *set_members;	/* of all sets; each one's in order of their numbers */
} ShapleyState;

static ShapleyState *
shapley_create(MemoryContext context, const Options *options)
{
	ShapleyState *state = MemoryContextAllocZero(context, sizeof(ShapleyState));

	state->context = context;
	state->options = *options;
	names_init(&state->names, context);
	if (options->method == BY_CONVERSIONS)
		return state;
	state->sets_capacity = MIN_SETS;
	state->sets = MemoryContextAlloc(context, MIN_SETS * sizeof(PlayerSet));
	state->nslots = 2 * MIN_SETS;
	state->slots = MemoryContextAllocZero(context, 2 * MIN_SETS * sizeof(uint32));
	state->members_capacity = 4 * MIN_SETS;
	state->set_members = MemoryContextAlloc(context, 4 * MIN_SETS * sizeof(uint32));
	return state;
}

/* ------------------------------------------------------------------------
 * By conversions: sizes of sets
 * ------------------------------------------------------------------------
 */

/* The player that has this number, which a name has. */
static Player *
player_of_number(ShapleyState *state, uint32 number)
{
	if (number >= state->players_capacity)
	{
		uint32		capacity = state->names.capacity;
		Player	   *grown = MemoryContextAllocExtended(state->context, capacity * sizeof(Player),
													   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

		if (state->players != NULL)
		{
			memcpy(grown, state->players, state->players_capacity * sizeof(Player));
			pfree(state->players);
		}
		state->players = grown;
		state->players_capacity = capacity;
	}
	return &state->players[number];
}

static void
player_add(ShapleyState *state, uint32 number, int size, int64 conversions)
{
	Player	   *player = player_of_number(state, number);
	int			i = player->n;

	while (i > 0 && player->counts[i - 1].size > size)
		i--;
	if (i > 0 && player->counts[i - 1].size == size)
	{
		count_add(&player->counts[i - 1].conversions, conversions);
		return;
	}
	if (player->n == player->capacity)
	{
		player->capacity = Max(4, 2 * player->capacity);
		player->counts = player->counts == NULL
			? MemoryContextAlloc(state->context, player->capacity * sizeof(SizeCount))
			: repalloc_huge(player->counts, player->capacity * sizeof(SizeCount));
	}
	memmove(&player->counts[i + 1], &player->counts[i], (player->n - i) * sizeof(SizeCount));
	player->counts[i].size = size;
	player->counts[i].conversions = conversions;
	player->n++;
}

/* ------------------------------------------------------------------------
 * By rate: sets
 * ------------------------------------------------------------------------
 */

static int
by_number(const void *left, const void *right)
{
	uint32		a = *(const uint32 *) left;
	uint32		b = *(const uint32 *) right;

	return a < b ? -1 : a > b;
}

/* Puts members in order, each once. */
static int
members_in_order(uint32 *members, int n)
{
	int			kept = 0;

	qsort(members, n, sizeof(uint32), by_number);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || members[i] != members[i - 1])
			members[kept++] = members[i];
	}
	return kept;
}

/* The slot of a set, or the free one where it belongs. */
static uint32 *
set_slot(const ShapleyState *state, const uint32 *members, uint32 n, uint32 hash)
{
	uint64		mask = state->nslots - 1;

	for (uint64 i = hash;; i++)
	{
		uint32	   *slot = &state->slots[i & mask];
		const PlayerSet *found;

		if (*slot == 0)
			return slot;
		found = &state->sets[*slot - 1];
		if (found->hash == hash && found->nplayers == n &&
			memcmp(&state->set_members[found->first], members, n * sizeof(uint32)) == 0)
			return slot;
	}
}

static void
sets_grow(ShapleyState *state)
{
	state->sets_capacity *= 2;
	state->sets = repalloc_huge(state->sets, state->sets_capacity * sizeof(PlayerSet));
	pfree(state->slots);
	state->nslots = 2 * state->sets_capacity;
	state->slots = MemoryContextAllocExtended(state->context, state->nslots * sizeof(uint32),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < state->nsets; i++)
	{
		uint64		slot = state->sets[i].hash & (state->nslots - 1);

		while (state->slots[slot] != 0)
			slot = (slot + 1) & (state->nslots - 1);
		state->slots[slot] = i + 1;
	}
}

static void
set_members_reserve(ShapleyState *state, uint32 n)
{
	if (state->nsets >= MAX_SETS || state->nmembers + n > MAX_SET_PLAYERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many distinct sets of players in one group"),
				 errdetail("The limit is %d sets, of %d players altogether.",
						   MAX_SETS, MAX_SET_PLAYERS),
				 errhint("Choose method \"conversions\", fewer players or more groups.")));
	if (state->nmembers + n <= state->members_capacity)
		return;
	while (state->nmembers + n > state->members_capacity)
		state->members_capacity *= 2;
	state->set_members = repalloc_huge(state->set_members,
									   state->members_capacity * sizeof(uint32));
}

/* Counts journeys of exactly these players, given in order. */
static void
set_add(ShapleyState *state, const uint32 *members, uint32 n, int64 conversions, int64 others)
{
	uint32		hash = hash_bytes((const unsigned char *) members, n * sizeof(uint32));
	uint32	   *slot = set_slot(state, members, n, hash);
	PlayerSet  *set;

	if (*slot == 0)
	{
		set_members_reserve(state, n);
		if (state->nsets == state->sets_capacity)
		{
			sets_grow(state);
			slot = set_slot(state, members, n, hash);
		}
		set = &state->sets[state->nsets];
		set->conversions = 0;
		set->others = 0;
		set->first = state->nmembers;
		set->nplayers = n;
		set->hash = hash;
		memcpy(&state->set_members[set->first], members, n * sizeof(uint32));
		state->nmembers += n;
		*slot = ++state->nsets;
	}
	/* no more than all journeys */
	set = &state->sets[*slot - 1];
	set->conversions += conversions;
	set->others += others;
}

/* ------------------------------------------------------------------------
 * The aggregate
 * ------------------------------------------------------------------------
 */

static Method
method_argument(FunctionCallInfo fcinfo, int n)
{
	const text *method;
	int			len;

	if (PG_NARGS() <= n)
		return BY_CONVERSIONS;
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("method must not be null")));
	method = PG_GETARG_TEXT_PP(n);
	len = VARSIZE_ANY_EXHDR(method);
	if (len == 11 && memcmp(VARDATA_ANY(method), "conversions", 11) == 0)
		return BY_CONVERSIONS;
	if (len == 4 && memcmp(VARDATA_ANY(method), "rate", 4) == 0)
		return BY_RATE;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown method of Shapley values: \"%s\"", text_to_cstring(method)),
			 errdetail("Allowed are \"conversions\" and \"rate\".")));
}

static Options
options_of_arguments(FunctionCallInfo fcinfo)
{
	Options		options;

	options.method = method_argument(fcinfo, 4);
	options.npermutations = DEFAULT_PERMUTATIONS;
	options.seed = 0;
	if (PG_NARGS() <= 5)
		return options;
	if (PG_ARGISNULL(5) || PG_ARGISNULL(6))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("permutations and seed must not be null")));
	options.npermutations = PG_GETARG_INT32(5);
	options.seed = PG_GETARG_INT64(6);
	if (options.npermutations < 2 || options.npermutations > MAX_PERMUTATIONS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("permutations is out of range: %d", options.npermutations),
				 errdetail("Allowed are 2 to %d.", MAX_PERMUTATIONS)));
	return options;
}

static void
check_same_options(const ShapleyState *state, const Options *options)
{
	if (state->options.method != options->method ||
		state->options.npermutations != options->npermutations ||
		state->options.seed != options->seed)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method, permutations and seed must be the same in all rows")));
}

/*
 * goaltracker_shapley_add(state internal, players text[], conversions bigint,
 * non_conversions bigint [, method text [, permutations integer, seed bigint]])
 * returns internal
 *
 * Transition function: counts journeys of these players, those that converted and those
 * that did not.  NULL players, or no journey, add nothing; a NULL count is 0; a player
 * named twice is one.  Raises errors for players that are none, a negative count, options
 * that do not exist or are not those of the rows before, and for more sets than there may
 * be.
 */
Datum
goaltracker_shapley_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	ShapleyState *state = state_argument(fcinfo, 0);
	int64		conversions = count_argument(fcinfo, 2, "conversions");
	int64		others = count_argument(fcinfo, 3, "non_conversions");
	Options		options = options_of_arguments(fcinfo);
	int64		journeys = conversions;
	uint32	   *members;
	int			n;

	count_add(&journeys, others);
	if (PG_ARGISNULL(1) || journeys == 0)
		return return_state(fcinfo, state);
	if (state == NULL)
		state = shapley_create(context, &options);
	check_same_options(state, &options);

	names_of_array(&state->names, PG_GETARG_ARRAYTYPE_P(1), "players", &state->members);
	members = state->members.numbers;
	n = members_in_order(members, state->members.n);
	count_add(&state->conversions, conversions);
	count_add(&state->others, others);
	/* the sum of both must do, too */
	journeys = state->conversions;
	count_add(&journeys, state->others);
	if (options.method == BY_RATE)
		set_add(state, members, n, conversions, others);
	else
	{
		for (int i = 0; conversions > 0 && i < n; i++)
			player_add(state, members[i], n, conversions);
	}
	PG_RETURN_POINTER(state);
}

static void
sets_merge(ShapleyState *state, const ShapleyState *other, const uint32 *numbers)
{
	uint32	   *members = palloc_extended(Max(other->names.nnames, 1) * sizeof(uint32),
										  MCXT_ALLOC_HUGE);

	for (uint64 i = 0; i < other->nsets; i++)
	{
		const PlayerSet *set = &other->sets[i];

		CHECK_FOR_INTERRUPTS();
		for (uint32 j = 0; j < set->nplayers; j++)
			members[j] = numbers[other->set_members[set->first + j]];
		qsort(members, set->nplayers, sizeof(uint32), by_number);
		set_add(state, members, set->nplayers, set->conversions, set->others);
	}
	pfree(members);
}

static void
players_merge(ShapleyState *state, const ShapleyState *other, const uint32 *numbers)
{
	uint32		n = Min(other->names.nnames, other->players_capacity);

	for (uint32 i = 0; i < n; i++)
	{
		const Player *player = &other->players[i];

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < player->n; j++)
			player_add(state, numbers[i], player->counts[j].size,
					   player->counts[j].conversions);
	}
}

/*
 * goaltracker_shapley_combine(state internal, other internal) returns internal
 *
 * Combine function: adds what another process has counted.
 */
Datum
goaltracker_shapley_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	ShapleyState *state = state_argument(fcinfo, 0);
	const ShapleyState *other = state_argument(fcinfo, 1);
	uint32	   *numbers;
	int64		journeys;

	if (other == NULL)
		return return_state(fcinfo, state);
	if (state == NULL)
		state = shapley_create(context, &other->options);
	check_same_options(state, &other->options);
	count_add(&state->conversions, other->conversions);
	count_add(&state->others, other->others);
	journeys = state->conversions;
	count_add(&journeys, state->others);
	numbers = names_merge(&state->names, &other->names);
	if (state->options.method == BY_RATE)
		sets_merge(state, other, numbers);
	else
		players_merge(state, other, numbers);
	pfree(numbers);
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_shapley_serialize(state internal) returns bytea
 *
 * Gives what has been counted, to be combined in another process.  Raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED if that does not fit in a bytea.
 */
Datum
goaltracker_shapley_serialize(PG_FUNCTION_ARGS)
{
	const ShapleyState *state;
	StringInfoData buf;
	uint32		nplayers;

	(void) aggregate_context(fcinfo);
	state = (const ShapleyState *) PG_GETARG_POINTER(0);
	if (state->nsets * 20 + state->nmembers * 4 > MaxAllocSize - MaxAllocSize / 16)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many distinct sets of players in one group for a parallel plan"),
				 errhint("Set max_parallel_workers_per_gather to 0 for this query.")));
	pq_begintypsend(&buf);
	pq_sendbyte(&buf, state->options.method);
	pq_sendint32(&buf, state->options.npermutations);
	pq_sendint64(&buf, state->options.seed);
	pq_sendint64(&buf, state->conversions);
	pq_sendint64(&buf, state->others);
	names_send(&buf, &state->names);
	nplayers = Min(state->names.nnames, state->players_capacity);
	pq_sendint32(&buf, nplayers);
	for (uint32 i = 0; i < nplayers; i++)
	{
		const Player *player = &state->players[i];

		pq_sendint32(&buf, player->n);
		for (int j = 0; j < player->n; j++)
		{
			pq_sendint32(&buf, player->counts[j].size);
			pq_sendint64(&buf, player->counts[j].conversions);
		}
	}
	pq_sendint64(&buf, state->nsets);
	for (uint64 i = 0; i < state->nsets; i++)
	{
		const PlayerSet *set = &state->sets[i];

		CHECK_FOR_INTERRUPTS();
		pq_sendint32(&buf, set->nplayers);
		for (uint32 j = 0; j < set->nplayers; j++)
			pq_sendint32(&buf, state->set_members[set->first + j]);
		pq_sendint64(&buf, set->conversions);
		pq_sendint64(&buf, set->others);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

static void
players_receive(StringInfo buf, ShapleyState *state)
{
	uint32		nplayers = pq_getmsgint(buf, 4);

	if (nplayers > state->names.nnames)
		invalid_state();
	for (uint32 i = 0; i < nplayers; i++)
	{
		int			n = pq_getmsgint(buf, 4);

		for (int j = 0; j < n; j++)
		{
			int			size = pq_getmsgint(buf, 4);

			CHECK_FOR_INTERRUPTS();
			if (size < 1)
				invalid_state();
			player_add(state, i, size, count_receive(buf));
		}
	}
}

static void
sets_receive(StringInfo buf, ShapleyState *state)
{
	int64		nsets = pq_getmsgint64(buf);
	uint32	   *members = palloc_extended(Max(state->names.nnames, 1) * sizeof(uint32),
										  MCXT_ALLOC_HUGE);

	if (nsets > 0 && state->options.method != BY_RATE)
		invalid_state();
	for (int64 i = 0; i < nsets; i++)
	{
		uint32		n = pq_getmsgint(buf, 4);
		int64		conversions;

		CHECK_FOR_INTERRUPTS();
		if (n < 1 || n > state->names.nnames)
			invalid_state();
		for (uint32 j = 0; j < n; j++)
		{
			members[j] = pq_getmsgint(buf, 4);
			if (members[j] >= state->names.nnames || (j > 0 && members[j] <= members[j - 1]))
				invalid_state();
		}
		conversions = count_receive(buf);
		set_add(state, members, n, conversions, count_receive(buf));
	}
	pfree(members);
}

/*
 * goaltracker_shapley_deserialize(serialized bytea, unused internal) returns internal
 *
 * Gives a state that can be combined into another one, in the current memory context.
 * Raises ERRCODE_INVALID_BINARY_REPRESENTATION or ERRCODE_PROTOCOL_VIOLATION if this is
 * no serialized state.
 */
Datum
goaltracker_shapley_deserialize(PG_FUNCTION_ARGS)
{
	ShapleyState *state;
	Options		options;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	open_serialized(&buf, PG_GETARG_BYTEA_PP(0));
	options.method = pq_getmsgbyte(&buf);
	options.npermutations = pq_getmsgint(&buf, 4);
	options.seed = pq_getmsgint64(&buf);
	if ((options.method != BY_CONVERSIONS && options.method != BY_RATE) ||
		options.npermutations < 2 || options.npermutations > MAX_PERMUTATIONS)
		invalid_state();
	state = shapley_create(CurrentMemoryContext, &options);
	state->conversions = count_receive(&buf);
	state->others = count_receive(&buf);
	names_receive(&buf, &state->names);
	players_receive(&buf, state);
	sets_receive(&buf, state);
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

/* ------------------------------------------------------------------------
 * The result
 * ------------------------------------------------------------------------
 */

static void
values_by_conversions(const ShapleyState *state, const uint32 *order, double *values)
{
	for (uint32 i = 0; i < state->names.nnames; i++)
	{
		const Player *player;

		if (order[i] >= state->players_capacity)
			continue;
		player = &state->players[order[i]];
		for (int j = 0; j < player->n; j++)
			values[i] += (double) player->counts[j].conversions / player->counts[j].size;
	}
}

/* Values and error bounds; players have the numbers of their names in order. */
static void
values_by_rate(const ShapleyState *state, const uint32 *order, double *values, double *bounds)
{
	uint32		n = state->names.nnames;
	uint32	   *ranks = palloc_extended(n * sizeof(uint32), MCXT_ALLOC_HUGE);
	uint32	   *players = palloc_extended(state->nmembers * sizeof(uint32), MCXT_ALLOC_HUGE);
	RateGame	game;

	for (uint32 i = 0; i < n; i++)
		ranks[order[i]] = i;
	for (uint64 i = 0; i < state->nmembers; i++)
		players[i] = ranks[state->set_members[i]];
	game.nplayers = n;
	game.nsets = state->nsets;
	game.sets = state->sets;
	game.players = players;
	game.conversions = state->conversions;
	game.others = state->others;
	if (n <= MAX_EXACT_PLAYERS)
		game_values(&game, values);
	else
		game_estimates(&game, state->options.npermutations, state->options.seed, values,
					   bounds);
	pfree(players);
	pfree(ranks);
}

/*
 * goaltracker_shapley_final(state internal) returns shapley_value[]
 *
 * A shapley_value for each player, in order of their names; NULL where there was no
 * journey.  Reads the state only.
 */
Datum
goaltracker_shapley_final(PG_FUNCTION_ARGS)
{
	const ShapleyState *state;
	uint32	   *order;
	int			n;
	double	   *game_value;
	double	   *bounds;
	double		total;
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
	game_value = palloc_extended(n * sizeof(double), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	bounds = palloc_extended(n * sizeof(double), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	shares = palloc_extended(n * sizeof(Datum), MCXT_ALLOC_HUGE);
	conversions = palloc_extended(n * sizeof(Datum), MCXT_ALLOC_HUGE);
	if (state->options.method == BY_CONVERSIONS)
	{
		values_by_conversions(state, order, game_value);
		total = (double) state->conversions;
	}
	else
	{
		values_by_rate(state, order, game_value, bounds);
		total = (double) state->conversions /
			((double) state->conversions + (double) state->others);
	}
	if (state->conversions > 0)
	{
		divide(1, SHARE_DECIMALS, game_value, total, n, shares);
		divide(state->conversions, CONVERSION_DECIMALS, game_value, total, n, conversions);
	}

	values = palloc_extended(n * VALUE_ATTRIBUTES * sizeof(Datum), MCXT_ALLOC_HUGE);
	nulls = palloc_extended(n * VALUE_ATTRIBUTES * sizeof(bool),
							MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < n; i++)
	{
		const KnownName *name = &state->names.names[order[i]];
		Datum	   *row = values + i * VALUE_ATTRIBUTES;

		row[0] = PointerGetDatum(cstring_to_text_with_len(name->data, name->len));
		row[1] = Float8GetDatum(game_value[i]);
		if (state->conversions > 0)
		{
			row[2] = shares[i];
			row[3] = conversions[i];
		}
		else
		{
			nulls[i * VALUE_ATTRIBUTES + 2] = true;
			row[3] = NumericGetDatum(int64_to_numeric(0));
		}
		row[4] = Float8GetDatum(bounds[i]);
	}
	return result_array(fcinfo, n, VALUE_ATTRIBUTES, values, nulls);
}
