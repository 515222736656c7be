// Package similar ranks sentence vectors by cosine and lays them out on a plane.
//
// Begin with [Set]: it holds unit vectors, and [Set.Top] finds the nearest to a query. [NewLayout] makes the map. It projects the
// vectors onto the two principal directions of the set, then moves each point towards its nearest neighbours, so that sentences with
// similar meaning stand together. [Layout.Place] places a query by the same rule, so a query that equals a sentence lands on it.
//
// Everything is deterministic. Long computations take a pause function and call it between short slices of work, so that a browser
// can paint.
package similar
