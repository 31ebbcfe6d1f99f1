/*-------------------------------------------------------------------------
 *
 * shapley.h
 *	  The games that shapley.c counts and shapley_game.c solves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GOALTRACKER_SHAPLEY_H
#define GOALTRACKER_SHAPLEY_H

#include "postgres.h"

/* As in goaltracker.h: nothing but what SQL calls needs to be in sight. */
#pragma GCC visibility push(hidden)

/* Up to so many players a game is solved exactly, set by set. */
#define MAX_EXACT_PLAYERS	20

/* Journeys in which exactly these players took part. */
typedef struct PlayerSet
{
	int64		conversions;
	int64		others;
	uint64		first;			/* where its players stand in the list of all */
	uint32		nplayers;
	uint32		hash;
} PlayerSet;

/* A game worth the conversion rate of the journeys that some players can make up. */
typedef struct RateGame
{
	int			nplayers;
	uint64		nsets;
	const PlayerSet *sets;
	const uint32 *players;		/* of all sets, numbered from 0 to nplayers - 1 */
	int64		conversions;	/* of all sets together */
	int64		others;
} RateGame;

extern void game_values(const RateGame *game, double *values);
extern void game_estimates(const RateGame *game, int npermutations, int64 seed, double *values,
						   double *bounds);

#pragma GCC visibility pop

#endif							/* GOALTRACKER_SHAPLEY_H */
