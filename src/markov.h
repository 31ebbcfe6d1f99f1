/*-------------------------------------------------------------------------
 *
 * markov.h
 *	  The chain that markov.c counts and markov_solve.c solves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GOALTRACKER_MARKOV_H
#define GOALTRACKER_MARKOV_H

#include "postgres.h"

/* As in goaltracker.h: nothing but what SQL calls needs to be in sight. */
#pragma GCC visibility push(hidden)

/* A transition to a state, and how often it was made. */
typedef struct ChainEntry
{
	int32		state;
	double		weight;
} ChainEntry;

typedef struct ChainRow
{
	double		conversions;	/* how often it was the last state of a journey */
	double		others;			/* that converted, or did not */
	int			n;
	int			capacity;
	ChainEntry *entries;
} ChainRow;

/*
 * An absorbing Markov chain.  Row 0 is the start of journeys, row i + 1 is state i.
 * Weights are not normalized: it is their proportions within a row that count.
 */
typedef struct Chain
{
	int			nstates;
	int			nchannels;
	int		   *channels;		/* of each state: its latest channel */
	ChainRow   *rows;
} Chain;

extern void chain_effects(const Chain *chain, double conversion_rate, double *effects);

#pragma GCC visibility pop

#endif							/* GOALTRACKER_MARKOV_H */
