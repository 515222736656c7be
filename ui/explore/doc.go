// Package explore is the view "Model": what a model is made of, and where its attention and its routing go for a text.
//
// Begin with [Explorer], the state; [Explorer.View] is an immutable copy of it for the components in package ui. [Heat] is a map of
// attention, and [RoutingView] shows a mixture of experts.
package explore
