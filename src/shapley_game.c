/*-------------------------------------------------------------------------
 *
 * shapley_game.c
 *	  Shapley values of a game that is worth a conversion rate.
 *
 * Players S are worth v(S): of the journeys that nobody but they took part in, the part
 * that converted; 0 where there is none.  A player's value is the mean, over all orders
 * in which players may come, of what his coming adds.
 *
 * Up to 20 players that is worked out set by set.  With more, orders are drawn at
 * random, always the same ones for the same seed, and how far the mean over them
 * may be from the one over all is said with each value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "shapley.h"
#include "utils/memutils.h"

/* A value is off by more than its bound with this probability at most. */
#define FAILURE_PROBABILITY 0.01

static inline double
rate_of(int64 conversions, int64 others)
{
	if (conversions == 0)
		return 0;
	return (double) conversions / ((double) conversions + (double) others);
}

/* ------------------------------------------------------------------------
 * Exactly
 * ------------------------------------------------------------------------
 */

/* A sum with what its rounding has lost. */
typedef struct CarefulSum
{
	double		sum;
	double		lost;
} CarefulSum;

static inline void
careful_add(CarefulSum *total, double value)
{
	double		sum = total->sum + value;

	if (fabs(total->sum) >= fabs(value))
		total->lost += (total->sum - sum) + value;
	else
		total->lost += (value - sum) + total->sum;
	total->sum = sum;
}

/* What each set of players is worth; players of a set are bits of its number. */
static double *
worths_of_sets(const RateGame *game)
{
	uint32		nsets = (uint32) 1 << game->nplayers;
	int64	   *conversions = palloc0(nsets * sizeof(int64));
	int64	   *others = palloc0(nsets * sizeof(int64));
	double	   *worths = palloc(nsets * sizeof(double));

	for (uint64 i = 0; i < game->nsets; i++)
	{
		const PlayerSet *set = &game->sets[i];
		uint32		members = 0;

		for (uint32 j = 0; j < set->nplayers; j++)
			members |= (uint32) 1 << game->players[set->first + j];
		conversions[members] += set->conversions;
		others[members] += set->others;
	}
	/* from those of exactly a set to those of all its subsets */
	for (int player = 0; player < game->nplayers; player++)
	{
		uint32		bit = (uint32) 1 << player;

		CHECK_FOR_INTERRUPTS();
		for (uint32 set = 0; set < nsets; set++)
		{
			if ((set & bit) != 0)
			{
				conversions[set] += conversions[set ^ bit];
				others[set] += others[set ^ bit];
			}
		}
	}
	for (uint32 set = 0; set < nsets; set++)
		worths[set] = rate_of(conversions[set], others[set]);
	pfree(conversions);
	pfree(others);
	return worths;
}

/* Of the orders of n players, the part in which one comes after exactly size others. */
static double
weight_of_size(int n, int size)
{
	double		weight = 1.0 / n;

	/* n - 1 over size */
	for (int i = 1; i <= size; i++)
		weight *= (double) i / (n - i);
	return weight;
}

/*
 * The Shapley value of each player, in values[].  There are MAX_EXACT_PLAYERS at most.
 */
void
game_values(const RateGame *game, double *values)
{
	double	   *worths = worths_of_sets(game);
	uint32		nsets = (uint32) 1 << game->nplayers;

	for (int player = 0; player < game->nplayers; player++)
	{
		uint32		bit = (uint32) 1 << player;
		CarefulSum	by_size[MAX_EXACT_PLAYERS] = {{0, 0}};
		CarefulSum	value = {0, 0};

		CHECK_FOR_INTERRUPTS();
		for (uint32 set = 0; set < nsets; set++)
		{
			if ((set & bit) == 0)
				careful_add(&by_size[pg_popcount32(set)], worths[set | bit] - worths[set]);
		}
		for (int size = 0; size < game->nplayers; size++)
			careful_add(&value, weight_of_size(game->nplayers, size) *
						(by_size[size].sum + by_size[size].lost));
		values[player] = value.sum + value.lost;
	}
	pfree(worths);
}

/* ------------------------------------------------------------------------
 * By orders drawn at random
 * ------------------------------------------------------------------------
 */

/* The next of a sequence of numbers that looks random (splitmix64). */
static inline uint64
next_random(uint64 *state)
{
	uint64		z = (*state += UINT64CONST(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* A number from 0 to n - 1, each as likely. */
static uint32
random_below(uint64 *state, uint32 n)
{
	uint64		limit = PG_UINT64_MAX - PG_UINT64_MAX % n;
	uint64		drawn;

	do
		drawn = next_random(state);
	while (drawn >= limit);
	return (uint32) (drawn % n);
}

typedef struct Estimate
{
	double		mean;
	double		squares;		/* of the distances from the mean, added up */
} Estimate;

/* The n-th value of an estimate (Welford). */
static inline void
estimate_add(Estimate *estimate, double value, int n)
{
	double		distance = value - estimate->mean;

	estimate->mean += distance / n;
	estimate->squares += distance * (value - estimate->mean);
}

/* The highest rate of a set; no worth is above it. */
static double
highest_rate(const RateGame *game)
{
	double		highest = 0;

	for (uint64 i = 0; i < game->nsets; i++)
		highest = Max(highest, rate_of(game->sets[i].conversions, game->sets[i].others));
	return highest;
}

/*
 * How far the mean of n values may be from what is expected, when none is further from 0
 * than highest: the smaller one of the bounds of Hoeffding (1963) and of Maurer and
 * Pontil (2009, theorem 4), each given half of the failure probability.
 */
static double
bound_of_estimate(const Estimate *estimate, int n, double highest)
{
	double		range = 2 * highest;
	double		variance = estimate->squares / (n - 1);
	double		log_hoeffding = log(4 / FAILURE_PROBABILITY);
	double		log_bernstein = log(8 / FAILURE_PROBABILITY);
	double		hoeffding = range * sqrt(log_hoeffding / (2.0 * n));
	double		bernstein = sqrt(2 * variance * log_bernstein / n) +
		7 * range * log_bernstein / (3.0 * (n - 1));

	return Min(hoeffding, bernstein);
}

/* What each next player of an order adds, counted in places (1 ...) of the order. */
static void
add_order(const RateGame *game, const uint32 *order, uint32 *places, int64 *conversions,
		  int64 *others, Estimate *estimates, int n)
{
	int64		converted = 0;
	int64		did_not = 0;
	double		before = 0;

	for (int i = 0; i < game->nplayers; i++)
		places[order[i]] = i;
	memset(conversions, 0, game->nplayers * sizeof(int64));
	memset(others, 0, game->nplayers * sizeof(int64));
	for (uint64 i = 0; i < game->nsets; i++)
	{
		const PlayerSet *set = &game->sets[i];
		const uint32 *players = &game->players[set->first];
		uint32		complete = 0;

		if ((i & 0xFFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		for (uint32 j = 0; j < set->nplayers; j++)
			complete = Max(complete, places[players[j]]);
		conversions[complete] += set->conversions;
		others[complete] += set->others;
	}
	for (int i = 0; i < game->nplayers; i++)
	{
		double		worth;

		converted += conversions[i];
		did_not += others[i];
		worth = rate_of(converted, did_not);
		estimate_add(&estimates[order[i]], worth - before, n);
		before = worth;
	}
}

/*
 * An estimate of the Shapley value of each player, in values[], from so many orders, two
 * at least; and in bounds[] what it is off by at most, but for a probability of 1 in 100.
 */
void
game_estimates(const RateGame *game, int npermutations, int64 seed, double *values,
			   double *bounds)
{
	int			nplayers = game->nplayers;
	uint32	   *order = palloc_extended(nplayers * sizeof(uint32), MCXT_ALLOC_HUGE);
	uint32	   *places = palloc_extended(nplayers * sizeof(uint32), MCXT_ALLOC_HUGE);
	int64	   *conversions = palloc_extended(nplayers * sizeof(int64), MCXT_ALLOC_HUGE);
	int64	   *others = palloc_extended(nplayers * sizeof(int64), MCXT_ALLOC_HUGE);
	Estimate   *estimates = palloc_extended(nplayers * sizeof(Estimate),
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	uint64		random = (uint64) seed;
	double		highest = highest_rate(game);

	for (int i = 0; i < nplayers; i++)
		order[i] = i;
	for (int n = 1; n <= npermutations; n++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = nplayers - 1; i > 0; i--)
		{
			uint32		other = random_below(&random, i + 1);
			uint32		swapped = order[i];

			order[i] = order[other];
			order[other] = swapped;
		}
		add_order(game, order, places, conversions, others, estimates, n);
	}
	for (int i = 0; i < nplayers; i++)
	{
		values[i] = estimates[i].mean;
		bounds[i] = bound_of_estimate(&estimates[i], npermutations, highest);
	}
}
