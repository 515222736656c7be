// Package vectorsearch finds the nearest of many vectors, natively and in a page.
//
// Begin with [New]. Vectors are kept as int8 with a scale each, in device memory, and are
// compared by a kernel (kernels.Operations.ScanQ8):
//
//	index, err := vectorsearch.New(dev, 256)
//	first, err := index.Add(vectors)          // (n, 256) numbers; ids first, first+1, …
//	hits, err := index.Search(query, 10, nil) // all of them are compared
//
// Up to some hundred thousand vectors, comparing all of them is fast. For more, [Index.Train]
// puts them into clusters (an inverted file, IVF: Sivic and Zisserman, ICCV 2003; Jégou,
// Douze, Schmid, PAMI 2011), of which a search reads the nearest ones. The best candidates are
// then compared again with the query before it was rounded.
//
// [Index.Save] and [Load] write and read an index; format.go has the layout.
package vectorsearch
