// Package similar ranks sentence vectors by cosine and lays them out on a plane.
//
// Begin with [Set]: unit vectors in one flat slice, [Set.Top] for the nearest to a query. [NewLayout] makes the picture: the two
// principal directions of the set, then each point drawn towards its nearest neighbours, so that what means the same stands together;
// [Layout.Place] puts a query into the same picture by the same rule, so a query equal to a sentence lands on it.
//
// Everything is deterministic. Long computations take a pause function and call it between short slices of work: in a page it lets
// the browser draw.
package similar
